# Made by tools/generate_sync.py from _async/owner_client.py. Do not edit.
from __future__ import annotations

import re
from types import TracebackType
from typing import TypeVar

import httpx
from pydantic import BaseModel

from .._http import DEFAULT_BASE_URL, Call, check_master_password, encode_body, encode_id
from .._runtime import Runtime
from ..errors import local_error
from ..models import (
    NonceResponse,
    OwnerApproveResponse,
    OwnerChangeResponse,
    OwnerConnectResponse,
    OwnerDisconnectResponse,
    OwnerRejectResponse,
    PendingApproval,
    RecoverResponse,
    RecoveryAddressResponse,
    SessionConstraints,
    SessionCreateResponse,
)
from ..owner.message import (
    Draft,
    Purpose,
    canonical_json,
    draft,
    owner_authorization,
    owner_statement,
    request_resource,
    transaction_resource,
    words_of,
)
from ..owner.signer import OwnerSigner, sign_sync
from .management import ManagementClient
from .transport import Transport

A = TypeVar("A", bound=BaseModel)

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: Life of a session, seconds, where the owner names none: what is signed says how long it lives.
_DEFAULT_SESSION_LIFE = 86_400


class WAIaaSOwnerClient(ManagementClient):
    """What the owner of the funds can do, each time with a signature of their own wallet. Every call asks the wallet once, for
    one text that is good for that request alone, once, within five minutes; nothing is ever sent twice. The text is laid out
    here: the wallet is never handed one that the daemon wrote.

    >>> with WAIaaSOwnerClient(signer=SolanaOwnerKey.from_file("owner.json")) as owner:
    ...     for payment in (owner.list_pending_approvals()).transactions:
    ...         owner.approve_transaction(payment)
    """

    def __init__(
        self,
        *,
        signer: OwnerSigner,
        base_url: str = DEFAULT_BASE_URL,
        timeout: float | None = None,
        http_client: httpx.Client | None = None,
        runtime: Runtime | None = None,
    ) -> None:
        self._transport = Transport(base_url=base_url, timeout=timeout, http_client=http_client, runtime=runtime)
        self._signer = signer

    def __enter__(self) -> WAIaaSOwnerClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._transport.close()

    @property
    def address(self) -> str:
        """Address of the owner's wallet."""
        return self._signer.address

    def connect(self, master_password: str) -> OwnerConnectResponse:
        """Makes this wallet the owner. Takes the master password beside the signature."""
        return self._send(
            "POST",
            "/v1/owner/connect",
            OwnerConnectResponse,
            "connect_owner",
            encode_body({"address": self._signer.address, "chain": self._signer.chain}),
            {"x-master-password": check_master_password(master_password)},
        )

    def disconnect(self) -> OwnerDisconnectResponse:
        """Lets the owner go. Payments that wait for an approval expire; the operator governs from then on."""
        return self._send(
            "DELETE", "/v1/owner/disconnect", OwnerDisconnectResponse, "update_settings"
        )

    def change(self, next_signer: OwnerSigner, master_password: str) -> OwnerChangeResponse:
        """Hands over to another wallet, in one step. Asks both wallets for a signature, the next one first. This client speaks
        for the former owner afterwards, who can do nothing more."""
        path = "/v1/owner/change"
        headers = {"x-master-password": check_master_password(master_password)}
        wallet = {"address": next_signer.address, "chain": next_signer.chain}
        resource = request_resource("POST", path, canonical_json(wallet))
        text, signature = self._sign(Purpose(owner_statement("connect_owner"), resource), next_signer)
        body = encode_body({**wallet, "message": text.message, "signature": signature})
        return self._send("POST", path, OwnerChangeResponse, "change_owner", body, headers)

    def recover(self, master_password: str) -> RecoverResponse:
        """Recovers from the kill switch, with the master password beside the signature. Sessions and cancelled payments stay
        ended; agents that were suspended for other reasons stay suspended."""
        headers = {"x-master-password": check_master_password(master_password)}
        return self._send("POST", "/v1/owner/recover", RecoverResponse, "recover", headers=headers)

    def set_recovery_address(
        self, agent_id: str, address: str, master_password: str
    ) -> RecoveryAddressResponse:
        """Registers another address an agent's funds may go to. Takes the master password beside the signature, and counts a day
        later; until then, the one before does."""
        path = f"/v1/owner/agents/{encode_id(agent_id)}/recovery-address"
        headers = {"x-master-password": check_master_password(master_password)}
        body = encode_body({"address": address})
        return self._send("PUT", path, RecoveryAddressResponse, "recall", body, headers)

    def create_session(
        self, *, agent_id: str, expires_in: int | None = None, constraints: SessionConstraints | None = None
    ) -> SessionCreateResponse:
        """Opens a session for an agent, for a day unless said otherwise. What is signed is bound to the agent and to everything
        that the session may do, its life included. The token is in the answer and never shown again.

        The signature is in the header, so that the request counts as the owner's. In the body, where the daemon takes one as
        well, it would count as anybody's, and other programs could use that up."""
        if not _UUID.fullmatch(agent_id):
            raise local_error("INVALID_ARGUMENT", "That can be no agent")
        granted = {} if constraints is None else constraints.model_dump(mode="json", by_alias=True, exclude_none=True)
        life = granted.get("expiresIn", _DEFAULT_SESSION_LIFE) if expires_in is None else expires_in
        granted["expiresIn"] = life
        body = encode_body({"agentId": agent_id, "expiresIn": life, "constraints": granted})
        return self._send("POST", "/v1/sessions", SessionCreateResponse, "manage_sessions", body)

    def approve_transaction(self, transaction: str | PendingApproval) -> OwnerApproveResponse:
        """Has a payment carried out that waits for the owner. What the wallet is asked to sign says it in words: amount,
        recipient, network. Give it as it was listed, which is what the owner has seen; with an id alone it is listed first, for
        which the wallet is asked as well."""
        return self._decide("approve", transaction, OwnerApproveResponse)

    def reject_transaction(
        self, transaction: str | PendingApproval, *, reason: str | None = None
    ) -> OwnerRejectResponse:
        """Ends a payment that waits; ``transaction`` as with ``approve_transaction``."""
        body = None if reason is None else encode_body({"reason": reason})
        return self._decide("reject", transaction, OwnerRejectResponse, body)

    def _decide(
        self, verb: str, transaction: str | PendingApproval, answer: type[A], body: str | None = None
    ) -> A:
        payment = self._find(transaction) if isinstance(transaction, str) else transaction
        if not _UUID.fullmatch(payment.tx_id):
            raise local_error("INVALID_ARGUMENT", "That can be no transaction")
        action = f"{verb}_tx"
        purpose = Purpose(owner_statement(action, words_of(payment)), transaction_resource(payment.tx_id))
        text, signature = self._sign(purpose)
        headers = {"authorization": owner_authorization(self._signer, action, text, signature)}
        path = f"/v1/owner/{verb}/{encode_id(payment.tx_id)}"
        return self._transport.call(Call("POST", path, answer, headers=headers, body=body, once=True))

    def _find(self, transaction_id: str) -> PendingApproval:
        cursor: str | None = None
        while True:
            page = self.list_pending_approvals(limit=100, cursor=cursor)
            for payment in page.transactions:
                if payment.tx_id == transaction_id:
                    return payment
            cursor = page.next_cursor
            if cursor is None:
                raise local_error("TX_NOT_FOUND", "No payment with that id waits", 404)

    def _manage(self, method: str, path: str, answer: type[A], action: str, body: str | None = None) -> A:
        return self._send(method, path, answer, action, body)

    def _send(
        self,
        method: str,
        path: str,
        answer: type[A],
        action: str,
        body: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> A:
        purpose = Purpose(owner_statement(action), request_resource(method, path, body))
        text, signature = self._sign(purpose)
        authorization = owner_authorization(self._signer, action, text, signature)
        all_headers = {**(headers or {}), "authorization": authorization}
        return self._transport.call(Call(method, path, answer, headers=all_headers, body=body, once=True))

    def _sign(self, purpose: Purpose, signer: OwnerSigner | None = None) -> tuple[Draft, str]:
        nonce = self._transport.call(Call("GET", "/v1/nonce", NonceResponse))
        wallet = signer or self._signer
        text = draft(wallet, self._transport.host, nonce, purpose)
        return text, sign_sync(wallet, text.message)
