"""Sessions that renew themselves."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler
from typing import Any

import anyio
import pytest

from waiaas import (
    AsyncAutoRenew,
    AsyncWAIaaSClient,
    AutoRenew,
    SessionRenewResponse,
    TransferRequest,
    WAIaaSClient,
    WAIaaSError,
)
from waiaas._runtime import AsyncRuntime, Runtime

from .scripted_server import Answer, ScriptedServer, answer_json, refusal, scripted_server

SESSION = "01936d3a-7f00-7abc-8def-0123456789ab"
FUNDS = {"balance": "5", "decimals": 9, "symbol": "SOL", "formatted": "5", "chain": "solana", "network": "localnet"}
BALANCE = answer_json(FUNDS)


def token_of(issued: int, expires: int) -> str:
    """A token that lives from one second to another."""

    def encode(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"wai_sess_{encode({'alg': 'HS256'})}.{encode({'iat': issued, 'exp': expires, 'sid': SESSION})}.signature"


OLD = token_of(1000, 2000)
NEW = token_of(1700, 2700)
RENEWED = answer_json(
    {
        "sessionId": SESSION,
        "token": NEW,
        "expiresAt": "2026-11-22T00:00:00.000Z",
        "renewalCount": 1,
        "renewalsLeft": 4,
        "maxRenewals": 5,
        "absoluteExpiresAt": "2026-11-22T00:00:00.000Z",
    }
)


def rotated(renew_by: str) -> Answer:
    return answer_json(FUNDS, headers={"x-session-renew-by": renew_by})


SOON = rotated(datetime.fromtimestamp(1300, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z"))

OPEN: list[WAIaaSClient] = []


@pytest.fixture(autouse=True)
def close_clients() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().close()


class Agent:
    def __init__(self, server: ScriptedServer, seconds: float) -> None:
        self.seconds = seconds
        self.told: list[str] = []
        self.refused: list[WAIaaSError] = []
        self.client = WAIaaSClient(
            base_url=server.url,
            session_token=OLD,
            auto_renew=AutoRenew(lambda renewed: self.told.append(renewed.token), self.refused.append),
            runtime=Runtime(now=lambda: self.seconds, sleep=lambda _: None),
        )
        OPEN.append(self.client)


def seen(server: ScriptedServer) -> list[str]:
    return [
        f"{request.method} {'old' if request.headers['authorization'] == f'Bearer {OLD}' else 'new'}"
        for request in server.received
    ]


def test_before_the_first_call_that_is_due() -> None:
    with scripted_server(BALANCE, RENEWED, BALANCE) as server:
        agent = Agent(server, 1699)
        agent.client.get_balance()
        agent.seconds = 1700
        agent.client.get_balance()
        assert seen(server) == ["GET old", "PUT old", "GET new"]
        assert server.received[1].path == f"/v1/sessions/{SESSION}/renew"
        assert agent.told == [NEW]


def test_once_however_many_threads_call() -> None:
    with scripted_server(RENEWED, BALANCE) as server, ThreadPoolExecutor(8) as pool:
        agent = Agent(server, 1800)
        for done in [pool.submit(agent.client.get_balance) for _ in range(20)]:
            done.result()
        assert (seen(server)[0], set(seen(server)[1:])) == ("PUT old", {"GET new"})
        assert len(server.received) == 21


def test_after_the_calls_that_are_under_way_with_the_old_token() -> None:
    arrived, go_on = threading.Event(), threading.Event()

    def late(handler: BaseHTTPRequestHandler) -> None:
        arrived.set()
        go_on.wait(10)
        BALANCE(handler)

    with scripted_server(late, RENEWED, BALANCE) as server, ThreadPoolExecutor(2) as pool:
        agent = Agent(server, 1500)
        first = pool.submit(agent.client.get_balance)
        assert arrived.wait(10)
        agent.seconds = 1800
        second = pool.submit(agent.client.get_balance)
        assert len(server.received) == 1
        go_on.set()
        first.result()
        second.result()
        assert seen(server) == ["GET old", "PUT old", "GET new"]


def test_as_soon_as_the_daemon_says_that_the_token_ends_with_its_secret() -> None:
    with scripted_server(SOON, RENEWED, BALANCE) as server:
        agent = Agent(server, 1001)
        for _ in range(3):
            agent.client.get_balance()
        assert seen(server) == ["GET old", "PUT old", "GET new", "GET new"]
        assert agent.told == [NEW]


def test_and_soon_again_if_that_was_refused_by_the_end_of_the_token() -> None:
    with scripted_server(SOON, refusal(503, "KEYSTORE_LOCKED", True), SOON, SOON, RENEWED, BALANCE) as server:
        agent = Agent(server, 1100)
        agent.client.get_balance()
        agent.client.get_balance()
        agent.seconds = 1149
        agent.client.get_balance()
        assert (agent.told, [error.code for error in agent.refused]) == ([], ["KEYSTORE_LOCKED"])
        agent.seconds = 1150
        agent.client.get_balance()
        assert agent.told == [NEW]


@pytest.mark.parametrize("text", ["", "soon", "1400", "1e400", "2026-11-22T00:00:00", "9999-99-99T00:00:00Z"])
def test_a_time_that_is_none_changes_nothing(text: str) -> None:
    with scripted_server(rotated(text)) as server:
        agent = Agent(server, 1100)
        agent.client.get_balance()
        agent.client.get_balance()
        assert seen(server) == ["GET old", "GET old"]


def test_no_more_once_there_are_none_left() -> None:
    with scripted_server(refusal(403, "RENEWAL_LIMIT_REACHED", False), BALANCE) as server:
        agent = Agent(server, 1800)
        agent.client.get_balance()
        agent.seconds = 1999
        agent.client.get_balance()
        assert seen(server) == ["PUT old", "GET old", "GET old"]


def test_never_when_its_time_is_over() -> None:
    with scripted_server(refusal(401, "TOKEN_EXPIRED", False)) as server:
        with pytest.raises(WAIaaSError) as caught:
            Agent(server, 2000).client.get_balance()
        assert (caught.value.code, len(server.received)) == ("TOKEN_EXPIRED", 1)


def test_while_nobody_calls_when_it_is_asked_to() -> None:
    with scripted_server(RENEWED) as server:
        agent = Agent(server, 1699)
        agent.client.renew_if_due()
        assert server.received == []
        agent.seconds = 1700
        agent.client.renew_if_due()
        assert agent.told == [NEW]
        with WAIaaSClient(base_url=server.url, session_token=OLD) as plain, pytest.raises(WAIaaSError) as caught:
            plain.renew_if_due()
        assert caught.value.code == "INVALID_ARGUMENT"


def test_a_callback_that_fails_fails_the_call_and_nothing_was_paid() -> None:
    def full(_: SessionRenewResponse) -> None:
        raise OSError("disk full")

    with scripted_server(RENEWED, BALANCE) as server:
        with WAIaaSClient(
            base_url=server.url,
            session_token=OLD,
            auto_renew=AutoRenew(full, lambda _: None),
            runtime=Runtime(now=lambda: 1800.0),
        ) as client:
            with pytest.raises(WAIaaSError) as caught:
                client.send_token(TransferRequest(to="x", amount=1))
            assert (caught.value.code, str(caught.value.__cause__)) == ("INVALID_ARGUMENT", "disk full")
            assert len(server.received) == 1
            # Nobody is left waiting for it.
            client.get_balance()
            assert seen(server) == ["PUT old", "GET new"]


@pytest.mark.anyio
async def test_a_task_that_is_cancelled_meanwhile_loses_no_token() -> None:
    arrived, go_on = threading.Event(), threading.Event()

    def late(handler: BaseHTTPRequestHandler) -> None:
        arrived.set()
        go_on.wait(10)
        RENEWED(handler)

    told: list[str] = []

    async def keep(renewed: SessionRenewResponse) -> None:
        told.append(renewed.token)

    with scripted_server(late, BALANCE) as server:
        async with AsyncWAIaaSClient(
            base_url=server.url,
            session_token=OLD,
            auto_renew=AsyncAutoRenew(keep, lambda _: None),
            runtime=AsyncRuntime(now=lambda: 1800.0),
        ) as client:
            async with anyio.create_task_group() as patient:
                async with anyio.create_task_group() as hasty:
                    hasty.start_soon(client.get_balance)
                    await anyio.to_thread.run_sync(arrived.wait)
                    patient.start_soon(client.get_balance)
                    hasty.cancel_scope.cancel()
                    go_on.set()
            assert told == [NEW]
            assert seen(server) == ["PUT old", "GET new"]
