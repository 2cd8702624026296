"""The stream of changes: against a server that does what the test says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import aclosing, closing, contextmanager

import pytest

from waiaas import AsyncWAIaaSOperatorClient, WAIaaSError, WAIaaSOperatorClient

from .scripted_server import Answer, ScriptedServer, answer, answer_events, answer_json, drop, refusal, scripted_server

PASSWORD = "a long master password"
SIGNED_IN = answer_json({"token": "wai_op_canary", "expiresAt": "2026-11-22T12:00:00.000Z"})


def message(event: str) -> bytes:
    batch = {"changes": [{"id": 1, "topic": "transactions", "event": event}], "complete": True}
    return f"event: changes\ndata: {json.dumps(batch, ensure_ascii=False)}\n\n".encode()


def cut(text: bytes, size: int) -> list[bytes]:
    return [text[at : at + size] for at in range(0, len(text), size)]


@contextmanager
def operator_of(*answers: Answer) -> Iterator[tuple[WAIaaSOperatorClient, ScriptedServer]]:
    with scripted_server(SIGNED_IN, *answers) as server, WAIaaSOperatorClient(base_url=server.url) as operator:
        operator.sign_in(PASSWORD)
        yield operator, server


def error_of(*answers: Answer, after: int = 0) -> WAIaaSError:
    """What a listener is told at the end, after so many batches."""
    with operator_of(*answers) as (operator, _), closing(operator.watch_changes()) as batches:
        for _batch in range(after):
            next(batches)
        with pytest.raises(WAIaaSError) as caught:
            next(batches)
        return caught.value


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_every_batch_is_told_however_the_network_cuts_them(size: int) -> None:
    text = b":\n\n" + message("TX_QUEUED — 큐") + b"event: other\ndata: {}\n\n" + message("TX_CONFIRMED")
    with operator_of(answer_events(*cut(text, size))) as (operator, server):
        with closing(operator.watch_changes()) as batches:
            heard = [next(batches).changes[0].event for _ in range(2)]
        assert heard == ["TX_QUEUED — 큐", "TX_CONFIRMED"]
        asked = server.received[1]
        assert (asked.method, asked.path) == ("GET", "/v1/owner/changes")
        assert asked.headers["authorization"] == "Bearer wai_op_canary"
        assert asked.headers["accept"] == "text/event-stream"


@pytest.mark.parametrize(
    "ending",
    [
        refusal(401, "INVALID_OPERATOR_TOKEN", False),
        answer_events(b'event: end\ndata: {"code":"INVALID_OPERATOR_TOKEN"}\n\n'),
    ],
)
def test_what_the_daemon_says_at_the_end_is_raised(ending: Answer) -> None:
    error = error_of(ending)
    assert (error.code, error.retryable) == ("INVALID_OPERATOR_TOKEN", False)


def test_an_end_that_says_nothing_is_an_end() -> None:
    assert error_of(answer_events(message("TX_QUEUED"), b"event: end\ndata: {}\n\n"), after=1).code == "UNKNOWN_ERROR"


@pytest.mark.parametrize("ending", [drop, answer_events(message("TX_QUEUED"), then_stay=False)])
def test_a_daemon_that_is_gone_is_told_as_such_and_not_called_again(ending: Answer) -> None:
    with operator_of(ending) as (operator, server):
        with pytest.raises(WAIaaSError) as caught:
            for _batch in operator.watch_changes():
                pass
        assert (caught.value.code, caught.value.retryable) == ("NETWORK_ERROR", True)
        assert len(server.received) == 2


@pytest.mark.parametrize("text", [b"event: changes\ndata: 5\n\n", b"event: changes\n\n", b"event: changes\ndata: [" + b"9" * 1_100_000])
def test_what_is_not_of_the_daemon_is_no_batch(text: bytes) -> None:
    assert error_of(answer_events(text)).code == "UNKNOWN_ERROR"


def test_a_redirect_is_not_followed_with_the_token() -> None:
    with scripted_server(answer_events(message("TX_QUEUED"))) as target:
        assert error_of(answer("", 302, {"location": target.url})).code == "UNKNOWN_ERROR"
        assert target.received == []


def test_a_daemon_that_is_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("waiaas._sync.transport.SILENCE", 0.2)
    error = error_of(answer_events(message("TX_QUEUED")), after=1)
    assert (error.code, error.details) == ("NETWORK_ERROR", {"reason": "ReadTimeout"})


def test_a_token_that_comes_back_in_an_error_is_masked() -> None:
    error = error_of(refusal(401, "INVALID_OPERATOR_TOKEN", False, body={"message": "Bearer wai_op_canary"}))
    assert "canary" not in str(error)


def test_without_a_token_nothing_is_asked() -> None:
    with scripted_server(SIGNED_IN) as server, WAIaaSOperatorClient(base_url=server.url) as operator:
        with pytest.raises(WAIaaSError) as caught:
            operator.watch_changes()
        assert (caught.value.code, server.received) == ("AUTH_TOKEN_MISSING", [])


@pytest.mark.anyio
async def test_the_client_that_does_not_block_hears_the_same() -> None:
    stream = answer_events(*cut(message("TX_QUEUED — 큐"), 5), b'event: end\ndata: {"code":"SYSTEM_LOCKED"}\n\n')
    with scripted_server(SIGNED_IN, stream) as server:
        async with AsyncWAIaaSOperatorClient(base_url=server.url) as operator:
            await operator.sign_in(PASSWORD)
            heard: list[str] = []
            with pytest.raises(WAIaaSError) as caught:
                async with aclosing(operator.watch_changes()) as batches:
                    async for batch in batches:
                        heard += [change.event for change in batch.changes]
            assert (heard, caught.value.code) == (["TX_QUEUED — 큐"], "SYSTEM_LOCKED")


@pytest.mark.anyio
async def test_leaving_the_loop_ends_it_without_an_error() -> None:
    with scripted_server(SIGNED_IN, answer_events(message("TX_QUEUED")), SIGNED_IN) as server:
        async with AsyncWAIaaSOperatorClient(base_url=server.url) as operator:
            await operator.sign_in(PASSWORD)
            async with aclosing(operator.watch_changes()) as batches:
                async for _batch in batches:
                    break
            await operator.sign_in(PASSWORD)
            assert len(server.received) == 3
