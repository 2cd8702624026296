"""The clients against the real daemon, which pays on a real ledger."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from waiaas import (
    AsyncOwnerSigner,
    AsyncWAIaaSClient,
    AsyncWAIaaSOperatorClient,
    AsyncWAIaaSOwnerClient,
    AutoRenew,
    EthereumOwnerKey,
    OwnerSigner,
    SessionConstraints,
    SolanaOwnerKey,
    TransactionStatus,
    TransferRequest,
    WAIaaSClient,
    WAIaaSError,
    WAIaaSOperatorClient,
    WAIaaSOwnerClient,
)
from waiaas.models import (
    AutoStopRuleUpdate,
    CreateNotificationChannelRequestWebhook,
    CreateNotificationChannelRequestWebhookConfig,
    PendingApproval,
    RateLimitPolicy,
    RateLimitPolicyRules,
    UpdatePolicyRequest,
    UpdateSettingsRequest,
    UpdateSettingsRequestNotifications,
)
from waiaas.owner.keys import base58

from .scripted_server import answer, scripted_server
from .world import World, stranger

#: What every SDK is held to.
CONTRACT = json.loads((Path(__file__).parents[3] / "tooling" / "chaos" / "contract-cases.json").read_text("utf-8"))


@pytest.fixture(autouse=True)
def forget_rates(world: World) -> None:
    """Five sessions a minute may be opened; the minutes of these tests are short."""
    world.advance(61)


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(WAIaaSError) as caught:
        call()
    return str(caught.value.to_dict()["code"])


def key_file(folder: Path) -> SolanaOwnerKey:
    key = Ed25519PrivateKey.generate()
    numbers = [*key.private_bytes_raw(), *key.public_key().public_bytes_raw()]
    (folder / "owner.json").write_text(json.dumps(numbers), "utf-8")
    return SolanaOwnerKey.from_file(folder / "owner.json")


def callback(folder: Path) -> OwnerSigner:
    key = Ed25519PrivateKey.generate()
    address = base58(key.public_key().public_bytes_raw())
    return OwnerSigner("solana", address, lambda text: base58(key.sign(text.encode("utf-8"))))


def ethereum_key(folder: Path) -> EthereumOwnerKey:
    return EthereumOwnerKey(secrets.token_bytes(32))


def called(client: object, case: Mapping[str, Any]) -> dict[str, Any]:
    """Makes the call of a case and tells what came of it, in the words of the API."""
    method = getattr(client, re.sub(r"(?<=[a-z])(?=[A-Z])", "_", case["call"]).lower())
    try:
        if "request" in case:
            answer = method(TransferRequest.model_validate(case["request"]))
        elif "id" in case:
            answer = method(case["id"])
        else:
            answer = method(**{re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).lower(): value for key, value in case.get("query", {}).items()})
    except WAIaaSError as error:
        told = {"code": error.code, "statusCode": error.status_code, "retryable": error.retryable, "details": error.details}
        return {"error": told}
    return {"answer": answer.model_dump(mode="json", by_alias=True)}


def holds(found: Any, expected: Any) -> bool:
    if expected == "*":
        return found not in (None, "")
    if isinstance(expected, dict):
        return isinstance(found, dict) and all(key in found and holds(found[key], value) for key, value in expected.items())
    if isinstance(expected, list):
        return isinstance(found, list) and len(found) == len(expected) and all(map(holds, found, expected))
    return bool(found == expected)


def test_the_clients_keep_the_contract_that_all_sdks_are_held_to(world: World, operator: WAIaaSOperatorClient) -> None:
    agent_id, token = world.new_agent(operator)
    with world.client(token) as client:
        waits = client.send_token(TransferRequest(to=stranger(), amount=5_000_000_000))
        names: dict[str, Callable[[], str]] = {
            "stranger": stranger,
            "agent": lambda: agent_id,
            "payment": lambda: waits.transaction_id,
            "nobody": lambda: "0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f10",
        }
        callers: tuple[tuple[str, object], ...] = (("agent", client), ("operator", operator))
        for who, caller in callers:
            for case in CONTRACT[who]:
                text = re.sub(r"\$([a-z]+)", lambda found: names[found[1]](), json.dumps(case, ensure_ascii=False))
                filled = json.loads(text)
                came = called(caller, filled)
                expected = {kind: filled[kind] for kind in ("answer", "error") if kind in filled}
                assert holds(came, expected), f"{filled}: {came}"


def test_an_agent_pays_and_reads(world: World, operator: WAIaaSOperatorClient) -> None:
    _, token = world.new_agent(operator)
    with world.client(token) as client:
        address = client.get_address()
        assert (address.chain, client.get_balance().symbol) == ("solana", "SOL")
        to = stranger()
        request = TransferRequest(to=to, amount=5_000_000, memo="차 값")
        paid = client.send_token(request, idempotency_key="invoice 17")
        assert paid.status is TransactionStatus.CONFIRMED
        again = client.send_token(request, idempotency_key="invoice 17")
        assert (again.transaction_id, again.replayed) == (paid.transaction_id, True)
        assert world.balance(to) == 5_000_000
        assert client.get_transaction(paid.transaction_id).tx_hash == paid.tx_hash
        assert client.wait_for_transaction(paid.transaction_id).status == "CONFIRMED"
        listed = client.list_transactions(status=TransactionStatus.CONFIRMED, limit=1)
        assert [item.transaction_id for item in listed.transactions] == [paid.transaction_id]
        assert listed.transactions[0].created_at.utcoffset() is not None
        assert client.list_pending_transactions().transactions == []
        assert len(client.get_nonce().nonce) == 32


def test_an_agent_sees_its_limits_and_is_held_to_them(world: World, operator: WAIaaSOperatorClient) -> None:
    _, token = world.new_agent(operator, SessionConstraints(max_amount_per_tx=10))
    with world.client(token) as client:
        assert client.get_budget().session.max_amount_per_tx == "10"
        dry = client.dry_run(TransferRequest(to=stranger(), amount=11))
        assert (dry.outcome, dry.code) == ("DENY", "SESSION_LIMIT_EXCEEDED")
        with pytest.raises(WAIaaSError) as caught:
            client.send_token(TransferRequest(to=stranger(), amount=11))
        error = caught.value
        assert (error.code, error.status_code, error.retryable) == ("SESSION_LIMIT_EXCEEDED", 403, False)
        assert error.hint and error.request_id and error.idempotency_key
        assert token not in json.dumps(error.to_dict())
        assert code_of(client.renew_session) == "RENEWAL_TOO_EARLY"
        assert code_of(lambda: client.get_transaction("01936d3a-7f00-7abc-8def-0123456789ab")) == "TX_NOT_FOUND"


@pytest.mark.parametrize("make_wallet", [key_file, callback, ethereum_key])
def test_an_owner_governs(
    world: World, operator: WAIaaSOperatorClient, make_wallet: Callable[[Path], OwnerSigner], tmp_path: Path
) -> None:
    wallet = make_wallet(tmp_path)
    agent_id, token = world.new_agent(operator)
    with WAIaaSOwnerClient(signer=wallet, base_url=world.url) as owner, world.client(token) as client:
        assert code_of(lambda: owner.connect("wrong wrong wrong")) == "INVALID_MASTER_PASSWORD"
        assert owner.connect(world.password).address == wallet.address
        try:
            assert owner.get_status().connected

            to = stranger()
            waiting = client.send_token(TransferRequest(to=to, amount=4_000_000_000))
            assert (waiting.status, waiting.tier) == ("QUEUED", "APPROVAL")
            payment = owner.list_pending_approvals(agent_id=agent_id).transactions[0]
            assert payment.tx_id == waiting.transaction_id
            forged = payment.model_copy(update={"amount": "1"})
            assert code_of(lambda: owner.approve_transaction(forged)) == "MESSAGE_REFUSED"
            owner.approve_transaction(payment)
            assert client.wait_for_transaction(waiting.transaction_id).status == "CONFIRMED"
            assert world.balance(to) == 4_000_000_000
            assert code_of(lambda: owner.approve_transaction(payment)) == "TX_ALREADY_PROCESSED"

            second = client.send_token(TransferRequest(to=stranger(), amount=4_000_000_000))
            assert owner.reject_transaction(second.transaction_id, reason="이달은 아님").reason == "이달은 아님"
            assert client.get_transaction(second.transaction_id).status == "CANCELLED"
            third = client.send_token(TransferRequest(to=stranger(), amount=4_000_000_000))
            operator.reject_transaction(third.transaction_id)
            assert code_of(lambda: owner.approve_transaction(third.transaction_id)) == "TX_NOT_FOUND"

            policy = RateLimitPolicy(type="RATE_LIMIT", rules=RateLimitPolicyRules(max_tx_per_hour=500))
            assert code_of(lambda: operator.create_policy(policy)) == "OWNER_AUTH_REQUIRED"
            created = owner.create_policy(policy).policy
            changed = owner.update_policy(created.id, UpdatePolicyRequest(rules={"max_tx_per_hour": 400})).policy
            assert (changed.version, changed.rules["max_tx_per_hour"]) == (2, 400)
            assert code_of(lambda: owner.delete_policy(created.id, version=1)) == "POLICY_CONFLICT"
            assert owner.delete_policy(created.id, version=2).policy_id == created.id

            # What others try to open does not keep the owner from it.
            for _ in range(20):
                httpx.post(f"{world.url}/v1/sessions", json={"agentId": "x"}, timeout=30)
            limits = SessionConstraints(max_amount_per_tx=5, max_renewals=2)
            opened = owner.create_session(agent_id=agent_id, constraints=limits)
            assert (opened.constraints.max_amount_per_tx, opened.constraints.expires_in) == ("5", 86_400)
            active = owner.list_sessions(agent_id=agent_id, active=True).sessions
            assert opened.session_id in [session.id for session in active]
            owner.revoke_session(opened.session_id)
            with world.client(opened.token) as revoked:
                assert code_of(revoked.get_balance) == "SESSION_REVOKED"

            owner.suspend_agent(agent_id)
            assert code_of(lambda: client.send_token(TransferRequest(to=to, amount=1))) == "AGENT_SUSPENDED"
            assert owner.resume_agent(agent_id).status == "ACTIVE"
            assert owner.get_decision(waiting.transaction_id).replay == "same"

            thief = make_wallet(tmp_path)
            with WAIaaSOwnerClient(signer=thief, base_url=world.url) as other:
                assert code_of(other.list_policies) == "OWNER_MISMATCH"
                owner.change(thief, world.password)
                assert code_of(owner.get_status) == "OWNER_MISMATCH"
                other.disconnect()
        finally:
            if operator.get_status().connected:
                owner.disconnect()


def test_an_operator_manages(world: World, operator: WAIaaSOperatorClient) -> None:
    agent_id, token = world.new_agent(operator)
    assert operator.get_agent(agent_id).name == "payer"
    assert operator.suspend_agent(agent_id).status == "SUSPENDED"
    assert operator.resume_agent(agent_id).status == "ACTIVE"
    assert operator.replay_decisions().fault_count == 0
    assert operator.get_daemon_status().daemon.version
    assert operator.verify_audit_log().intact
    start = datetime(2026, 1, 1, tzinfo=timezone.utc)
    entries = operator.list_audit_log(agent_id=agent_id, since=start, limit=2, order="asc").entries
    assert [entry.agent_id for entry in entries] == [agent_id, agent_id]
    assert operator.list_notification_log(status="FAILED", limit=1).entries == []
    nowhere = "0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f15"
    assert code_of(lambda: operator.list_dead_letters(nowhere, limit=1)) == "CHANNEL_NOT_FOUND"
    assert code_of(lambda: operator.redeliver(nowhere)) == "CHANNEL_NOT_FOUND"
    assert code_of(lambda: operator.get_agent("nobody")) == "AGENT_NOT_FOUND"
    with WAIaaSOperatorClient(base_url=world.url) as stranger_:
        assert code_of(stranger_.list_agents) == "AUTH_TOKEN_MISSING"
        assert code_of(lambda: stranger_.sign_in("wrong wrong wrong")) == "INVALID_MASTER_PASSWORD"
        stranger_.sign_in(world.password)
        stranger_.sign_out()
        assert code_of(stranger_.list_agents) == "AUTH_TOKEN_MISSING"
    seen = [session for page in pages(operator, agent_id) for session in page]
    assert len(seen) == 1 and token not in repr(seen)


def test_what_a_webhook_has_not_taken_is_listed_and_sent_again(world: World, operator: WAIaaSOperatorClient) -> None:
    agent_id, _ = world.new_agent(operator)
    status = {"now": 200}
    with scripted_server(lambda handler: answer("", status["now"])(handler)) as hook:
        config = CreateNotificationChannelRequestWebhookConfig(url=f"{hook.url}/in")
        webhook = CreateNotificationChannelRequestWebhook(type="WEBHOOK", name="hook", config=config)
        channel = operator.create_notification_channel(webhook).channel
        try:
            status["now"] = 400
            operator.suspend_agent(agent_id)
            operator.resume_agent(agent_id)
            for _ in range(200):
                letters = operator.list_dead_letters(channel.id, order="asc").dead_letters
                if {letter.event for letter in letters} >= {"AGENT_SUSPENDED", "AGENT_RESUMED"}:
                    break
                time.sleep(0.1)
            first, *others = letters
            assert others and "400" in first.error
            refused = operator.redeliver(channel.id, delivery_id=first.delivery_id).deliveries
            assert [(one.delivery_id, one.success) for one in refused] == [(first.delivery_id, False)]
            status["now"] = 200
            seen = len(hook.received)
            taken = operator.redeliver(channel.id, delivery_id=first.delivery_id)
            assert ([one.success for one in taken.deliveries], taken.next_cursor) == ([True], None)
            assert code_of(lambda: operator.redeliver(channel.id, delivery_id=first.delivery_id)) == "DEAD_LETTER_NOT_FOUND"
            rest = operator.redeliver(channel.id).deliveries
            assert [(one.delivery_id, one.success) for one in rest] == [(one.delivery_id, True) for one in others]
            assert operator.list_dead_letters(channel.id).dead_letters == []
            # Under the ids that they had.
            arrived = [json.loads(one.body)["id"] for one in hook.received[seen:] if one.method == "POST"]
            assert [one for one in arrived if one in {letter.delivery_id for letter in letters}] == [
                letter.delivery_id for letter in letters
            ]
        finally:
            status["now"] = 200
            operator.delete_notification_channel(channel.id)


def test_a_setting_is_changed_and_taken_back(operator: WAIaaSOperatorClient) -> None:
    configured = operator.get_settings().notifications.min_channels
    three = UpdateSettingsRequest(notifications=UpdateSettingsRequestNotifications(min_channels=3))
    changed = operator.update_settings(three).settings
    assert (changed.notifications.min_channels, changed.changed) == (3, ["notifications.minChannels"])
    # What is not named stays; what is given as None is as in config.toml again.
    nothing = UpdateSettingsRequest(notifications=UpdateSettingsRequestNotifications())
    assert code_of(lambda: operator.update_settings(nothing)) == "VALIDATION_ERROR"
    back = UpdateSettingsRequest(notifications=UpdateSettingsRequestNotifications(min_channels=None))
    settings = operator.update_settings(back).settings
    assert (settings.notifications.min_channels, settings.changed) == (configured, [])


def pages(operator: WAIaaSOperatorClient, agent_id: str) -> list[list[str]]:
    found: list[list[str]] = []
    cursor: str | None = None
    while True:
        page = operator.list_sessions(agent_id=agent_id, limit=1, cursor=cursor, order="asc")
        found.append([session.id for session in page.sessions])
        cursor = page.next_cursor
        if cursor is None:
            return found


def test_the_kill_switch_stops_everything_until_password_and_owner_recover(
    world: World, operator: WAIaaSOperatorClient, tmp_path: Path
) -> None:
    _, token = world.new_agent(operator)
    with WAIaaSOwnerClient(signer=key_file(tmp_path), base_url=world.url) as owner, world.client(token) as client:
        owner.connect(world.password)
        assert owner.activate_kill_switch("drill").sessions_revoked > 0
        assert code_of(client.get_balance) == "SYSTEM_LOCKED"
        assert code_of(lambda: owner.recover("Wrong-Password-000")) == "INVALID_MASTER_PASSWORD"
        assert owner.recover(world.password).agents_reactivated > 0
        assert code_of(client.get_balance) == "SESSION_REVOKED"
        assert code_of(operator.list_agents) == "INVALID_OPERATOR_TOKEN"
        operator.sign_in(world.password)
        owner.disconnect()


def test_auto_stop_rules_are_listed_changed_and_removed(world: World, operator: WAIaaSOperatorClient) -> None:
    found = operator.list_auto_stop_rules()
    assert found.authentic
    rule = found.rules[0]
    changed = operator.update_auto_stop_rule(rule.id, AutoStopRuleUpdate(enabled=False))
    assert (changed.version, changed.enabled) == (rule.version + 1, False)
    assert operator.delete_auto_stop_rule(rule.id).deleted
    assert code_of(lambda: operator.delete_auto_stop_rule(rule.id)) == "AUTO_STOP_RULE_NOT_FOUND"


@pytest.mark.anyio
async def test_the_clients_that_do_not_block_do_the_same(world: World, operator: WAIaaSOperatorClient) -> None:
    _, token = world.new_agent(operator)
    key = Ed25519PrivateKey.generate()

    async def sign(text: str) -> str:
        return base58(key.sign(text.encode("utf-8")))

    wallet = AsyncOwnerSigner("solana", base58(key.public_key().public_bytes_raw()), sign)
    async with (
        AsyncWAIaaSOperatorClient(base_url=world.url) as async_operator,
        AsyncWAIaaSOwnerClient(signer=wallet, base_url=world.url) as owner,
        AsyncWAIaaSClient(base_url=world.url, session_token=token) as client,
    ):
        await async_operator.sign_in(world.password)
        await owner.connect(world.password)
        try:
            waiting = await client.send_token(TransferRequest(to=stranger(), amount="4000000000"))
            payments: list[PendingApproval] = (await owner.list_pending_approvals()).transactions
            await owner.approve_transaction(next(p for p in payments if p.tx_id == waiting.transaction_id))
            assert (await client.wait_for_transaction(waiting.transaction_id)).status == "CONFIRMED"
        finally:
            await owner.disconnect()
        assert not (await async_operator.get_status()).connected


def test_what_the_daemon_does_is_told_as_it_does_it(world: World, operator: WAIaaSOperatorClient) -> None:
    with world.operator() as listener, closing(listener.watch_changes()) as batches:
        assert next(batches).changes == []
        agent_id, _ = world.new_agent(operator)
        heard: list[str] = []
        while "SESSION_ISSUED" not in heard:
            heard += [change.event for change in next(batches).changes if change.agent_id == agent_id]
        assert "AGENT_CREATED" in heard
        listener.sign_out()
        world.new_agent(operator)
        assert code_of(lambda: list(batches)) == "INVALID_OPERATOR_TOKEN"


def test_a_session_outlives_the_secret_that_its_token_was_signed_with(
    world: World, operator: WAIaaSOperatorClient
) -> None:
    _, token = world.new_agent(operator)
    kept: list[str] = []
    with WAIaaSClient(
        base_url=world.url,
        session_token=token,
        auto_renew=AutoRenew(lambda renewed: kept.append(renewed.token), lambda error: pytest.fail(str(error))),
    ) as client:
        operator.rotate_secret(world.password)
        client.get_balance()
        assert kept == []
        client.get_balance()
        assert len(kept) == 1
        world.advance(600)
        client.get_balance()
        with world.client(token) as late:
            assert code_of(late.get_balance) == "INVALID_TOKEN"
