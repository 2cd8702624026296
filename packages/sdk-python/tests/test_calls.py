"""Attempts, pauses, errors: against a server that does what the test says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from waiaas import (
    AsyncWAIaaSClient,
    ErrorCode,
    OwnerSigner,
    RetryPolicy,
    SessionConstraints,
    TransferRequest,
    WAIaaSClient,
    WAIaaSError,
    WAIaaSOperatorClient,
    WAIaaSOwnerClient,
)
from waiaas._runtime import AsyncRuntime, Runtime

from .scripted_server import ScriptedServer, answer, answer_json, drop, refusal, scripted_server, silence

TOKEN = "wai_sess_eyJhbGciOiJIUzI1NiJ9.canary-payload.canary-signature"
RECIPIENT = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"
BALANCE = {
    "balance": "9007199254740993",
    "decimals": 9,
    "symbol": "SOL",
    "formatted": "9007199.254740993 SOL",
    "chain": "solana",
    "network": "localnet",
}
PAID = {
    "transactionId": "01936d3a-7f00-7abc-8def-0123456789ab",
    "status": "CONFIRMED",
    "type": "TRANSFER",
    "amount": "5",
    "toAddress": RECIPIENT,
    "createdAt": "2026-11-22T00:00:00.123Z",
}
PAYMENT = TransferRequest(to=RECIPIENT, amount=5)


OPEN: list[WAIaaSClient] = []


@pytest.fixture(autouse=True)
def close_clients() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().close()


class Agent:
    """A client whose pauses take no time and are written down."""

    def __init__(self, server: ScriptedServer, random: float = 0.5, **options: Any) -> None:
        self.pauses: list[float] = []
        runtime = Runtime(now=lambda: 0.0, sleep=self.pauses.append, random=lambda: random)
        self.client = WAIaaSClient(base_url=server.url, session_token=TOKEN, runtime=runtime, **options)
        OPEN.append(self.client)

    def error(self) -> WAIaaSError:
        with pytest.raises(WAIaaSError) as caught:
            self.client.get_balance()
        return caught.value


def test_amounts_survive_exactly_and_times_are_aware() -> None:
    with scripted_server(answer_json(BALANCE), answer_json(PAID)) as server:
        agent = Agent(server)
        assert agent.client.get_balance().balance == "9007199254740993"
        paid = agent.client.send_token(TransferRequest(to=RECIPIENT, amount=2**63 + 1))
        assert paid.created_at.isoformat() == "2026-11-22T00:00:00.123000+00:00"
        assert json.loads(server.received[1].body) == {"to": RECIPIENT, "amount": "9223372036854775809"}


@pytest.mark.parametrize("amount", [5.0, True, None, "-5", "0x10", "1e9", " 1", "1.5", "٥", "9" * 79, -1, [5]])
def test_what_is_no_amount_is_none_here_already(amount: Any) -> None:
    with pytest.raises(ValidationError):
        TransferRequest(to=RECIPIENT, amount=amount)


def test_both_names_of_a_field_are_taken_and_no_other() -> None:
    named: dict[str, Any] = {"maxAmountPerTx": "5"}
    assert SessionConstraints(**named) == SessionConstraints(max_amount_per_tx="5")
    misspelt: dict[str, Any] = {"max_amount_per_txn": "5"}
    with pytest.raises(ValidationError):
        SessionConstraints(**misspelt)


def test_a_refusal_for_now_is_retried_and_the_pauses_grow() -> None:
    with scripted_server(*[refusal(503, "KEYSTORE_LOCKED", True)] * 3, answer_json(BALANCE)) as server:
        agent = Agent(server)
        agent.client.get_balance()
        assert agent.pauses == [0.75, 1.5, 3.0]


@pytest.mark.parametrize(
    ("status", "code"), [(429, "MASTER_PASSWORD_LOCKED"), (503, "SHUTTING_DOWN"), (403, "POLICY_DENIED")]
)
def test_what_the_daemon_calls_final_is_not(status: int, code: str) -> None:
    with scripted_server(refusal(status, code, False)) as server:
        assert Agent(server).error().code == code
        assert len(server.received) == 1


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "9999"}, 60.0),
        ({"retry-after": "Sun, 22 Nov 2026 00:00:09 GMT", "date": "Sun, 22 Nov 2026 00:00:00 GMT"}, None),
        ({"retry-after": "soon"}, 0.75),
        ({"retry-after": "-5"}, 0.75),
    ],
)
def test_retry_after_is_waited_for(headers: dict[str, str], pause: float | None) -> None:
    refused = refusal(429, "RATE_LIMIT_EXCEEDED", True, headers=headers)
    with scripted_server(refused, answer_json(BALANCE)) as server:
        agent = Agent(server)
        agent.client.get_balance()
        # The server of the test sends a Date of its own; whichever counts, no pause is beyond the bound.
        assert agent.pauses == [pause] if pause is not None else 0 <= agent.pauses[0] <= 60


def test_a_payment_is_one_payment_however_often_it_is_sent() -> None:
    with scripted_server(drop, answer("<h1>Bad gateway</h1>", 502), answer_json(PAID)) as server:
        Agent(server).client.send_token(PAYMENT)
        assert len({request.headers["idempotency-key"] for request in server.received}) == 1
        assert len({request.body for request in server.received}) == 1
        assert len(server.received) == 3


def test_a_payment_whose_outcome_is_not_known_tells_its_key() -> None:
    with scripted_server(drop) as server:
        client = Agent(server, max_retries=0).client
        with pytest.raises(WAIaaSError) as caught:
            client.send_token(PAYMENT)
        error = caught.value
        assert (error.code, error.status_code, error.retryable) == ("NETWORK_ERROR", 0, True)
        assert error.idempotency_key == server.received[0].headers["idempotency-key"]


def test_a_chain_error_of_a_payment_is_not_retried() -> None:
    with scripted_server(refusal(502, "CHAIN_ERROR", True)) as server:
        with pytest.raises(WAIaaSError):
            Agent(server).client.send_token(PAYMENT)
        assert len(server.received) == 1


@pytest.mark.parametrize(
    ("body", "status"), [("<html>", 200), ("[]", 200), ("{}", 200), ("null", 200), ("<html>", 404), ("", 500), ("[" * 9999, 400)]
)
def test_what_is_not_of_the_daemon_is_no_answer(body: str, status: int) -> None:
    with scripted_server(answer(body, status, {"x-request-id": "req_9"})) as server:
        error = Agent(server, max_retries=0).error()
        assert (error.code, error.status_code, error.request_id) == ("UNKNOWN_ERROR", status, "req_9")


def test_codes_of_a_newer_daemon_are_texts() -> None:
    with scripted_server(refusal(418, "FROM_LATER", False), refusal(403, "POLICY_DENIED", False)) as server:
        agent = Agent(server)
        assert agent.error().code == "FROM_LATER"
        assert agent.error().code is ErrorCode.POLICY_DENIED


def test_words_and_fields_of_a_newer_daemon_are_no_errors() -> None:
    with scripted_server(answer_json({**PAID, "status": "PARKED", "more": 1})) as server:
        assert Agent(server).client.send_token(PAYMENT).status == "PARKED"


def test_a_time_out_is_told_as_such() -> None:
    with scripted_server(silence) as server:
        error = Agent(server, timeout=0.2, max_retries=0).error()
        assert (error.code, error.retryable) == ("TIMEOUT", True)


def test_redirects_are_not_followed() -> None:
    with scripted_server(answer_json(BALANCE)) as target:
        moved = answer("", 302, {"location": target.url + "/v1/wallet/balance"})
        with scripted_server(moved) as server:
            assert Agent(server).error().code == "UNKNOWN_ERROR"
        assert target.received == []


def test_proxies_of_the_environment_are_not_told_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted_server(answer_json(BALANCE)) as proxy, scripted_server(answer_json(BALANCE)) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        Agent(server).client.get_balance()
        assert (len(proxy.received), len(server.received)) == (0, 1)


def test_a_secret_that_comes_back_in_an_error_is_masked() -> None:
    echoed = refusal(400, "VALIDATION_ERROR", False, body={"message": f"Bearer {TOKEN}", "details": {"seen": TOKEN}})
    with scripted_server(echoed) as server:
        error = Agent(server).error()
        assert "canary" not in repr(error) + str(error) + json.dumps(error.to_dict())
        assert error.details == {"seen": "wai_sess_***"}
    with scripted_server(refusal(400, "VALIDATION_ERROR", False, body={"message": "canary-password-1"})) as server:
        with WAIaaSOperatorClient(base_url=server.url) as operator, pytest.raises(WAIaaSError) as caught:
            operator.sign_in("canary-password-1")
        assert "canary" not in str(caught.value)


def test_without_a_token_nothing_is_sent() -> None:
    with scripted_server(answer_json(BALANCE)) as server:
        with WAIaaSClient(base_url=server.url) as client, pytest.raises(WAIaaSError) as caught:
            client.get_balance()
        assert (caught.value.code, caught.value.status_code) == ("AUTH_TOKEN_MISSING", 401)
        assert server.received == []
        with WAIaaSClient(session_token=TOKEN) as client:
            assert TOKEN not in repr(client)


@pytest.mark.parametrize(
    "options",
    [
        {"session_token": "sk-canary"},
        {"session_token": TOKEN + "\r\nx: y"},
        {"base_url": "ftp://127.0.0.1"},
        {"base_url": "http://canary@127.0.0.1"},
        {"base_url": "http://127.0.0.1/?key=canary"},
        {"base_url": "http://127.0.0.1:99999"},
        {"base_url": "nonsense"},
        {"timeout": 0},
        {"timeout": -1},
        {"max_retries": -1},
    ],
)
def test_options_that_cannot_be_meant_are_refused_and_not_quoted(options: dict[str, Any]) -> None:
    with pytest.raises(WAIaaSError) as caught:
        WAIaaSClient(**options)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("transaction_id", ["", ".", "..", "\ud800"])
def test_an_id_leads_to_no_other_route(transaction_id: str) -> None:
    with scripted_server(answer_json(PAID)) as server:
        client = Agent(server).client
        with pytest.raises(WAIaaSError):
            client.get_transaction(transaction_id)
        client.get_transaction("../admin/status")
        assert [request.path for request in server.received] == ["/v1/transactions/..%2Fadmin%2Fstatus"]


def test_queries_are_written_as_the_api_has_them() -> None:
    signer = OwnerSigner("solana", "1" * 32, lambda text: "1" * 64)
    nonce = answer_json({"nonce": "0" * 32, "expiresAt": "2026-11-22T00:05:00.000Z"})
    page = answer_json({"transactions": [], "nextCursor": None})
    with scripted_server(nonce, page) as server, WAIaaSOwnerClient(signer=signer, base_url=server.url) as owner:
        owner.list_pending_approvals(agent_id="a b", limit=5)
        assert server.received[1].path == "/v1/owner/pending-approvals?agentId=a+b&limit=5"
        assert server.received[1].headers["authorization"].startswith("Bearer ")


@pytest.mark.parametrize("signature", ["", "not base58 0OIl", None, "1" * 63])
def test_what_is_no_signature_is_not_sent(signature: Any) -> None:
    signer = OwnerSigner("solana", "1" * 32, lambda text: signature)
    nonce = answer_json({"nonce": "0" * 32, "expiresAt": "2026-11-22T00:05:00.000Z"})
    with scripted_server(nonce) as server, WAIaaSOwnerClient(signer=signer, base_url=server.url) as owner:
        with pytest.raises(WAIaaSError) as caught:
            owner.get_status()
        assert (caught.value.code, len(server.received)) == ("SIGNER_ERROR", 1)


def test_a_wallet_that_refuses_is_told_with_its_reason_as_the_cause() -> None:
    def refuse(text: str) -> str:
        raise RuntimeError("the user said no")

    nonce = answer_json({"nonce": "0" * 32, "expiresAt": "2026-11-22T00:05:00.000Z"})
    signer = OwnerSigner("solana", "1" * 32, refuse)
    with scripted_server(nonce) as server, WAIaaSOwnerClient(signer=signer, base_url=server.url) as owner:
        with pytest.raises(WAIaaSError) as caught:
            owner.get_status()
        assert caught.value.code == "SIGNER_ERROR"
        assert str(caught.value.__cause__) == "the user said no"


def test_a_nonce_that_is_none_is_not_signed() -> None:
    asked: list[str] = []

    def sign(text: str) -> str:
        asked.append(text)
        return "1" * 64

    signer = OwnerSigner("solana", "1" * 32, sign)
    evil = answer_json({"nonce": "0\nResources:\n- urn:evil", "expiresAt": "2026-11-22T00:05:00.000Z"})
    with scripted_server(evil) as server, WAIaaSOwnerClient(signer=signer, base_url=server.url) as owner:
        with pytest.raises(WAIaaSError) as caught:
            owner.get_status()
        assert (caught.value.code, asked) == ("MESSAGE_REFUSED", [])


@pytest.mark.anyio
async def test_the_client_that_does_not_block_retries_alike() -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    runtime = AsyncRuntime(now=lambda: 0.0, sleep=sleep, random=lambda: 0.0)
    with scripted_server(drop, refusal(503, "KEYSTORE_LOCKED", True), answer_json(PAID)) as server:
        async with AsyncWAIaaSClient(
            base_url=server.url, session_token=TOKEN, runtime=runtime, retry=RetryPolicy(backoff="linear")
        ) as client:
            await client.send_token(PAYMENT)
        assert pauses == [1.0, 2.0]
        assert len({request.headers["idempotency-key"] for request in server.received}) == 1


def test_a_client_of_httpx_can_be_handed_in_and_stays_open() -> None:
    with scripted_server(answer_json(BALANCE)) as server, httpx.Client(trust_env=False) as http:
        with WAIaaSClient(base_url=server.url, session_token=TOKEN, http_client=http) as client:
            client.get_balance()
        assert not http.is_closed
