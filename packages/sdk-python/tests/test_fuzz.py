"""The API of the running daemon, fuzzed with every kind of credential, from its own document.

No answer may be outside what the document says of it, none may be a fault of the server, and a request that is refused
changes nothing. ``WAIAAS_FUZZ_EXAMPLES`` says how many requests each operation is sent with each credential; the few of
every run are always the same.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import schemathesis
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from waiaas import Chain, OwnerSigner, WAIaaSOperatorClient, WAIaaSOwnerClient
from waiaas.models import (
    NonceResponse,
    SpendingLimitPolicy,
    SpendingLimitPolicyRules,
    TransferRequest,
)
from waiaas.owner.keys import base58
from waiaas.owner.message import Draft, Purpose, draft, owner_authorization, owner_statement, request_resource

from .world import World, set_limits
from .world import stranger as stranger_address

#: Requests as the document has them, and requests that it forbids.
POSITIVE, NEGATIVE = GenerationMode("positive"), GenerationMode("negative")
#: The long run sends many requests; the one of every day a few that are always the same, for generating them takes time.
LONG = "WAIAAS_FUZZ_EXAMPLES" in os.environ
EXAMPLES = int(os.environ.get("WAIAAS_FUZZ_EXAMPLES", "1"))
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
#: What whoever has the power to call it would end the test by.
ENDING = {
    "adminShutdown",
    "adminKillSwitch",
    "activateKillSwitch",
    "changeMasterPassword",
    "rotateSecret",
    "adminLogout",
    # Sends to an address that chance chose.
    "testNotificationChannel",
}
#: From the one to the other an agent comes by itself.
ENDING_STATES: dict[str, str] = {"TERMINATING": "ending", "TERMINATED": "ending"}
#: A payment that waits ends by itself, and one that was approved is carried out by itself.
PAYMENT_STATES: dict[str, str] = {
    "QUEUED": "waiting",
    "EXPIRED": "waiting",
    "EXECUTING": "paying",
    "SUBMITTED": "paying",
    "CONFIRMED": "paying",
}
#: What takes the signature of another wallet, too, in the body: one that chance made is none.
OF_TWO_WALLETS = {"changeOwner", "connectOwner"}
#: What still answers while the kill switch is engaged.
WHILE_LOCKED = {"healthCheck", "getMetrics", "getNonce", "getAdminStatus", "recoverFromKillSwitch", "adminShutdown"}


@dataclass(frozen=True)
class Place:
    """A daemon with something in it, and everybody who may call it."""

    world: World
    operator: WAIaaSOperatorClient
    session_token: str
    operator_token: str
    owner: OwnerSigner

    def state(self) -> object:
        """Everything that a refused request must leave as it is, but for the record that there was one."""
        return (
            # What ends an agent goes on in the background, and pays.
            [(a.id, a.name, ENDING_STATES.get(a.status, a.status)) for a in self.operator.list_agents().agents],
            self.operator.list_policies(),
            [(s.id, s.expires_at, s.revoked_at, s.renewal_count) for s in self.operator.list_sessions(limit=100).sessions],
            self.operator.list_auto_stop_rules(),
            self.operator.get_settings(),
            [c.model_dump(exclude={"health", "last_check_at"}) for c in self.operator.list_notification_channels().channels],
            # What waits for time alone goes on by itself.
            [
                (t.transaction_id, PAYMENT_STATES.get(t.status, t.status))
                for t in self.operator.list_transactions(limit=100).transactions
                if t.tier != "DELAY"
            ],
            self.operator.get_status().model_dump(exclude={"last_active_at"}),
        )


@dataclass(frozen=True)
class Known:
    """Things that are there: an id that chance made names nothing, and only shows that nothing is found."""

    ids: dict[str, str]

    def naming(self, path: str) -> str | None:
        """The id of what a path is about."""
        return next((id for part, id in self.ids.items() if part in path), None)


def known_things(place: Place) -> Known:
    """An agent with a session, a policy and a payment that waits for the owner; none of the tests' own."""
    agent, token = place.world.new_agent(place.operator)
    with place.world.client(token) as client:
        payment = client.send_token(TransferRequest(to=stranger_address(), amount=5_000_000_000))
    limit = SpendingLimitPolicyRules(chain=Chain.SOLANA, instant_max=1, notify_max=2, delay_max=3)
    policy = place.operator.create_policy(SpendingLimitPolicy(agent_id=agent, type="SPENDING_LIMIT", rules=limit))
    sessions = place.operator.list_sessions(limit=100).sessions
    return Known(
        {
            "/agents/": agent,
            "/sessions/": next(session.id for session in sessions if session.agent_id == agent),
            "/policies/": policy.policy.id,
            "/transactions/": payment.transaction_id,
            "/approve/": payment.transaction_id,
            "/reject/": payment.transaction_id,
            "/decisions/": payment.transaction_id,
        }
    )


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    world = World()
    with world.operator() as operator:
        set_limits(operator)
        _, token = world.new_agent(operator)
        login = requests.post(f"{world.url}/v1/admin/login", headers={"x-master-password": world.password}, timeout=30)
        key = Ed25519PrivateKey.generate()
        address = base58(key.public_key().public_bytes_raw())
        owner = OwnerSigner("solana", address, lambda text: base58(key.sign(text.encode("utf-8"))))
        yield Place(world, operator, token, login.json()["token"], owner)
    world.close()


Authorise = Callable[[Place, requests.PreparedRequest, str], None]


def nobody(place: Place, request: requests.PreparedRequest, operation: str) -> None:
    """No credential."""


def stranger(place: Place, request: requests.PreparedRequest, operation: str) -> None:
    """A token that looks like one, and an owner's signature that is none."""
    forged = {"chain": "solana", "address": place.owner.address, "action": "manage_sessions", "nonce": "0" * 32}
    text = base64.urlsafe_b64encode(json.dumps(forged).encode()).decode().rstrip("=")
    request.headers["Authorization"] = "Bearer " + (text if "owner" in operation.lower() else "wai_sess_a.b.c")


def session(place: Place, request: requests.PreparedRequest, operation: str) -> None:
    request.headers["Authorization"] = f"Bearer {place.session_token}"


def operator_token(place: Place, request: requests.PreparedRequest, operation: str) -> None:
    request.headers["Authorization"] = f"Bearer {place.operator_token}"


def password(place: Place, request: requests.PreparedRequest, operation: str) -> None:
    request.headers["X-Master-Password"] = place.world.password


def operations(place: Place) -> dict[str, dict[str, Any]]:
    """What the document says of each operation, by its name."""
    paths = place.world.contract["openapi"]["paths"].values()
    return {operation["operationId"]: operation for path in paths for operation in path.values()}


def text_to_sign(place: Place, request: requests.PreparedRequest, action: str, of_payment: bool) -> Draft:
    """The text for a request. That of a payment is in words which only the daemon has; where there is none, any will do."""
    if of_payment:
        wallet = {"chain": place.owner.chain, "address": place.owner.address}
        what = {"action": action, "method": request.method, "path": request.path_url}
        composed = requests.post(
            f"{place.world.url}/v1/owner/messages",
            json={**wallet, **what},
            headers={"authorization": f"Bearer {place.operator_token}"},
            timeout=30,
        )
        if composed.ok:
            message = str(composed.json()["message"])
            issued = next(line for line in message.split("\n") if line.startswith("Issued At: "))
            return Draft(message, composed.json()["nonce"], issued.removeprefix("Issued At: "))
    nonce = NonceResponse.model_validate_json(requests.get(f"{place.world.url}/v1/nonce", timeout=30).text)
    body = request.body.decode("utf-8", "replace") if isinstance(request.body, bytes) else request.body
    resource = request_resource(str(request.method), request.path_url, body)
    return draft(place.owner, urlsplit(place.world.url).netloc, nonce, Purpose(owner_statement(action), resource))


def owner(place: Place, request: requests.PreparedRequest, operation: str) -> None:
    described = operations(place)[operation]
    action = described.get("x-owner-action", "manage_sessions")
    text = text_to_sign(place, request, action, described.get("x-owner-subject") == "payment")
    request.headers["Authorization"] = owner_authorization(place.owner, action, text, str(place.owner.sign(text.message)))


def password_and_owner(place: Place, request: requests.PreparedRequest, operation: str) -> None:
    password(place, request, operation)
    owner(place, request, operation)


CREDENTIALS: dict[str, tuple[Authorise, bool]] = {
    "nobody": (nobody, False),
    "stranger": (stranger, False),
    "session": (session, False),
    "operator token": (operator_token, True),
    "password": (password, True),
    "owner": (owner, True),
    "password and owner": (password_and_owner, True),
}


def takes(place: Place, operation: str, *ways: str) -> bool:
    """Whether these ways in, together, are one that an operation accepts."""
    return any(set(way) == set(ways) for way in operations(place)[operation].get("security", []))


def meant_for(place: Place, cases: list[tuple[str, Any]], credential: str) -> list[tuple[str, Any]]:
    """What is sent with a credential. Each request with the password costs what a guess costs."""
    if credential == "password" and not LONG:
        return cases[::4]
    if credential == "password and owner":
        return [case for case in cases if takes(place, case[0], "masterAuth", "ownerAuth")]
    # Afterwards there is no owner to sign anything.
    return sorted(cases, key=lambda case: case[0] == "disconnectOwner") if credential == "owner" else cases


def generable(value: Any) -> Any:
    """The document without patterns that Python's regular expressions do not know: of classes of characters."""
    if isinstance(value, dict):
        known = {key: generable(part) for key, part in value.items()}
        if isinstance(known.get("pattern"), str) and "\\p{" in known["pattern"]:
            del known["pattern"]
        return known
    return [generable(part) for part in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def cases(place: Place) -> list[tuple[str, Any]]:
    """Requests to every operation, right ones and wrong ones; each is sent with every credential."""
    schema = schemathesis.openapi.from_dict(generable(place.world.contract["openapi"]))
    made: list[tuple[str, Any]] = []
    for index, result in enumerate(schema.get_all_operations()):
        assert isinstance(result, Ok), result
        operation = result.ok()
        name = operation.definition.raw["operationId"]
        for mode in (POSITIVE, NEGATIVE) if LONG or index % 3 == 0 else (POSITIVE,):

            @given(case=operation.as_strategy(generation_mode=mode))
            @settings(
                max_examples=EXAMPLES,
                deadline=None,
                database=None,
                derandomize=not LONG,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            def generate(case: Any) -> None:
                made.append((name, case))

            try:
                generate()
            except Unsatisfiable:
                # Where a request has nothing in it, nothing of it can be wrong.
                assert mode is NEGATIVE, name
    return made


@pytest.mark.parametrize("credential", CREDENTIALS)
def test_no_request_has_an_answer_that_the_document_does_not_know(
    place: Place, cases: list[tuple[str, Any]], credential: str
) -> None:
    authorise, powerful = CREDENTIALS[credential]
    # Tokens of operators end when they are idle, and the minutes of this test are short.
    place.operator.sign_in(place.world.password)
    # So are those in which sessions are counted.
    place.world.advance(61)
    known = known_things(place)
    login = requests.post(
        f"{place.world.url}/v1/admin/login", headers={"x-master-password": place.world.password}, timeout=30
    )
    place = replace(place, operator_token=login.json()["token"])
    if "owner" in credential:
        connect(place)
    before = place.state()
    answered: dict[int, int] = {}
    refusing: dict[str, set[int]] = {}
    with requests.Session() as http:
        http.trust_env = False
        sent = meant_for(place, cases, credential)
        for index, (operation, case) in enumerate(sent):
            if powerful and operation in ENDING:
                continue
            if index % 40 == 0:
                # Limits of requests are counted by the minute, and tokens end when they are idle for fifteen.
                place.world.advance(61)
                place.operator.list_policies()
            if index % 2 == 0:
                about_what_is_there(case, known)
            # Looking takes longer than asking: in every run some are looked after, in a long one all.
            looked_after = powerful and case.method.upper() != "GET" and (LONG or index % 12 == 0)
            standing = place.state() if looked_after else None
            status = exchange(place, http, case, lambda request: authorise(place, request, operation))
            answered[status] = answered.get(status, 0) + 1
            refusing.setdefault(operation, set()).add(status)
            if looked_after and status >= 400:
                assert place.state() == standing, f"{operation} was refused with {status}, and changed something"
    if not powerful:
        assert place.state() == before
    assert sum(answered.values()) > len(sent) / 2
    assert not [status for status in answered if status >= 500 and status not in (502, 503)]
    # What takes both at once is about the owner alone, and has nothing to do while nothing is locked.
    if credential != "password and owner":
        assert bool([status for status in answered if status < 300]), answered
    if "owner" in credential:
        # Whoever signs rightly gets behind the guard: a test of refusals alone would find nothing there.
        ways = ("ownerAuth",) if credential == "owner" else ("masterAuth", "ownerAuth")
        behind = {name for name in refusing if takes(place, name, *ways) and name not in OF_TWO_WALLETS}
        assert not [name for name in behind if refusing[name] <= {401, 403, 429}]
        assert len(behind) >= (30 if credential == "owner" else 2), behind
        with WAIaaSOwnerClient(signer=place.owner, base_url=place.world.url) as client:
            if place.operator.get_status().connected:
                client.disconnect()


def connect(place: Place) -> None:
    """Makes the wallet of the test the owner."""
    with WAIaaSOwnerClient(signer=place.owner, base_url=place.world.url) as client:
        client.connect(place.world.password)


def test_while_the_kill_switch_is_engaged_nobody_gets_anything(place: Place, cases: list[tuple[str, Any]]) -> None:
    place.operator.sign_in(place.world.password)
    place.world.advance(61)
    connect(place)
    before = place.state()
    place.operator.activate_kill_switch("a drill")
    with requests.Session() as http:
        http.trust_env = False
        for index, (operation, case) in enumerate(cases if LONG else cases[::2]):
            if operation in WHILE_LOCKED:
                continue
            authorise, _ = list(CREDENTIALS.values())[index % len(CREDENTIALS)]
            if index % 30 == 0:
                place.world.advance(61)
            assert exchange(place, http, case, lambda request: authorise(place, request, operation)) == 401, operation
    with WAIaaSOwnerClient(signer=place.owner, base_url=place.world.url) as client:
        client.recover(place.world.password)
        client.disconnect()
    place.operator.sign_in(place.world.password)
    # Sessions have ended and payments that waited were cancelled by the kill switch; the rest is as it was.
    after = place.state()
    assert isinstance(before, tuple) and isinstance(after, tuple)
    assert [after[index] for index in (1, 3, 4, 5)] == [before[index] for index in (1, 3, 4, 5)]


def about_what_is_there(case: Any, known: Known) -> None:
    """Puts the id of something that there is into the path of a request."""
    real = known.naming(case.path)
    if real is not None and len(case.path_parameters or {}) == 1:
        for name in case.path_parameters:
            case.path_parameters[name] = real


def exchange(
    place: Place, http: requests.Session, case: Any, authorise: Callable[[requests.PreparedRequest], None]
) -> int:
    """Sends a request with the credential of the test and no other: wrong passwords are counted, and not left to chance."""
    request = http.prepare_request(requests.Request(**case.as_transport_kwargs(base_url=place.world.url)))
    for header in ("authorization", "x-master-password"):
        request.headers.pop(header, None)
    authorise(request)
    response = http.send(request, timeout=60, allow_redirects=False, stream=True)
    if response.headers["content-type"].startswith("text/event-stream"):
        # It goes on until somebody hangs up.
        assert "text/event-stream" in case.operation.definition.raw["responses"][str(response.status_code)]["content"]
        response.close()
        return response.status_code
    case.validate_response(response, checks=CHECKS)
    assert place.world.password not in response.text
    return response.status_code


def test_and_the_record_of_all_of_it_is_whole(place: Place) -> None:
    place.operator.sign_in(place.world.password)
    assert place.operator.verify_audit_log().intact
    assert place.operator.replay_decisions().fault_count == 0
