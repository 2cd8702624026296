# Made by tools/generate_sync.py from _async/client.py. Do not edit.
from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import replace
from types import TracebackType
from typing import Literal, TypeVar

import httpx
from pydantic import BaseModel

from .._claims import read_session_claims
from .._http import (
    DEFAULT_BASE_URL,
    SEND_TIMEOUT,
    Call,
    check_idempotency_key,
    check_session_token,
    encode_id,
    encode_payment,
    encode_query,
)
from .._retry import RetryPolicy
from .._runtime import Runtime
from ..errors import WAIaaSError, local_error
from ..models import (
    AddressResponse,
    AssetsResponse,
    BalanceResponse,
    BudgetResponse,
    DryRunResponse,
    NonceResponse,
    PendingTransactionListResponse,
    SessionRenewResponse,
    TransactionListResponse,
    TransactionResponse,
    TransactionStatus,
    TransferRequest,
)
from .renewal import AutoRenew, RenewalGate, Renewing
from .transport import Transport

A = TypeVar("A", bound=BaseModel)

_TERMINAL = ("CONFIRMED", "FAILED", "CANCELLED", "EXPIRED")


class WAIaaSClient:
    """What an agent can do at its daemon. All methods raise :class:`WAIaaSError`.

    >>> with WAIaaSClient(session_token="wai_sess_…") as client:
    ...     payment = client.send_token(TransferRequest(to=recipient, amount=50_000_000))
    """

    def __init__(
        self,
        *,
        base_url: str = DEFAULT_BASE_URL,
        session_token: str | None = None,
        timeout: float | None = None,
        max_retries: int = 3,
        retry: RetryPolicy | None = None,
        auto_renew: AutoRenew | None = None,
        http_client: httpx.Client | None = None,
        runtime: Runtime | None = None,
    ) -> None:
        """``timeout`` is for one attempt, seconds: 30 unless given, and 45 for a payment, whose confirmation the daemon waits
        for up to 30 seconds. ``retry`` says more than ``max_retries``, and stands in for it. ``auto_renew`` renews the session
        before it ends, between two calls; without it never."""
        self._transport = Transport(
            base_url=base_url,
            timeout=timeout,
            retry=retry or RetryPolicy(max_retries=max_retries),
            http_client=http_client,
            runtime=runtime,
        )
        self.__token: str | None = None
        renewing = Renewing(lambda: self.__token, self.renew_session, self._transport.runtime.now)
        self._gate = None if auto_renew is None else RenewalGate(auto_renew, renewing)
        if session_token is not None:
            self.set_session_token(session_token)

    def __enter__(self) -> WAIaaSClient:
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

    def set_session_token(self, token: str) -> None:
        """Sets the token of the calls to come."""
        self.__token = check_session_token(token)

    def clear_session_token(self) -> None:
        """Forgets the token."""
        self.__token = None

    def get_balance(self) -> BalanceResponse:
        """Balance of the agent's wallet, read from the chain."""
        return self._get("/v1/wallet/balance", BalanceResponse)

    def get_address(self) -> AddressResponse:
        """Address of the agent's wallet: where to fund it."""
        return self._get("/v1/wallet/address", AddressResponse)

    def get_assets(self) -> AssetsResponse:
        """What the agent's wallet holds, read from the chain; the native asset first."""
        return self._get("/v1/wallet/assets", AssetsResponse)

    def get_budget(self, *, token_mint: str | None = None) -> BudgetResponse:
        """What the session may still spend of the native asset, or of a token, as the code that enforces it works it out."""
        return self._get(f"/v1/wallet/budget{encode_query({'tokenMint': token_mint})}", BudgetResponse)

    def send_token(
        self, request: TransferRequest, *, idempotency_key: str | None = None
    ) -> TransactionResponse:
        """Asks for a payment, of the native asset or with ``token_mint`` of a token: CONFIRMED, SUBMITTED when the confirmation takes longer than the daemon waits, or QUEUED when it
        waits for time or for the owner's approval. Look at ``status``.

        One call is one payment, however often it is sent: all attempts carry the same idempotency key. An error carries it,
        too; whoever repeats a call whose outcome is not known must repeat it with that key.
        """
        key = str(uuid.uuid4()) if idempotency_key is None else check_idempotency_key(idempotency_key)
        return self._authorized(
            Call(
                "POST",
                "/v1/transactions/send",
                TransactionResponse,
                headers={"idempotency-key": key},
                body=encode_payment(request),
                timeout=SEND_TIMEOUT,
                # The key stays bound to the payment that failed: asking again could only repeat the error.
                final_codes=frozenset({"CHAIN_ERROR"}),
                idempotency_key=key,
            )
        )

    def dry_run(self, request: TransferRequest) -> DryRunResponse:
        """What the daemon would decide about a payment if it were asked for now. Leaves no trace and pays nothing."""
        return self._authorized(
            Call("POST", "/v1/transactions/dry-run", DryRunResponse, body=encode_payment(request))
        )

    def list_transactions(
        self,
        *,
        status: TransactionStatus | str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        order: Literal["asc", "desc"] | None = None,
    ) -> TransactionListResponse:
        """A page of the agent's transactions, newest first unless asked otherwise; ``next_cursor`` leads to the next."""
        query = encode_query({"status": status, "limit": limit, "cursor": cursor, "order": order})
        return self._get(f"/v1/transactions{query}", TransactionListResponse)

    def get_transaction(self, transaction_id: str) -> TransactionResponse:
        """One transaction of the agent."""
        return self._get(f"/v1/transactions/{encode_id(transaction_id)}", TransactionResponse)

    def list_pending_transactions(self) -> PendingTransactionListResponse:
        """The transactions that wait for time or for the owner."""
        return self._get("/v1/transactions/pending", PendingTransactionListResponse)

    def get_nonce(self) -> NonceResponse:
        """A fresh nonce for a message that the owner signs. Needs no token and sends none."""
        return self._transport.call(Call("GET", "/v1/nonce", NonceResponse))

    def renew_session(self) -> SessionRenewResponse:
        """Ends the life of the session's token and begins a new one of the same length. The client goes on with the new token;
        keep it, the old one has ended. Sent once: whoever does not get the answer has no token any more."""
        headers = self._authorization()
        before = self.__token
        claims = read_session_claims(before or "")
        if claims is None:
            raise local_error("INVALID_TOKEN_FORMAT", "The session token names no session to renew")
        path = f"/v1/sessions/{encode_id(claims.session_id)}/renew"
        renewed = self._transport.call(Call("PUT", path, SessionRenewResponse, headers=headers, once=True))
        # Another token may have been set meanwhile; then the caller knows better.
        if self.__token == before:
            self.set_session_token(renewed.token)
        return renewed

    def renew_if_due(self) -> None:
        """Renews the session if ``auto_renew`` would before the next call; sends nothing otherwise. For programs that may be
        idle for longer than a session lives."""
        if self._gate is None:
            raise local_error("INVALID_ARGUMENT", "The client was made without auto_renew")

        def nothing() -> None:
            return None

        self._gate.run(nothing)

    def wait_for_transaction(self, transaction_id: str, *, timeout: float = 120.0) -> TransactionResponse:
        """Asks for a transaction until it is CONFIRMED, FAILED, CANCELLED or EXPIRED: look at ``status``. TIMEOUT when it
        takes longer than ``timeout`` seconds; the transaction goes on."""
        deadline = time.monotonic() + timeout
        pause = 0.5
        while True:
            transaction = self.get_transaction(transaction_id)
            if transaction.status in _TERMINAL:
                return transaction
            if time.monotonic() + pause > deadline:
                raise WAIaaSError(
                    code="TIMEOUT",
                    message=f"The transaction had not ended after {timeout:g} s.",
                    status_code=0,
                    retryable=True,
                    details={"transactionId": transaction_id, "status": transaction.status},
                    hint="It goes on; ask again later.",
                )
            self._transport.runtime.sleep(pause)
            pause = min(pause * 2, 5.0)

    def _get(self, path: str, answer: type[A]) -> A:
        return self._authorized(Call("GET", path, answer))

    def _authorized(self, call: Call[A]) -> A:
        """Makes a call with the token there is once it is the call's turn."""
        gate = self._gate
        headers = {**call.headers, **self._authorization()}
        if gate is None:
            return self._transport.call(replace(call, headers=headers))

        def send() -> A:
            authorization = self._authorization()
            token = authorization["authorization"].removeprefix("Bearer ")

            def note(answered: Mapping[str, str]) -> None:
                gate.note_renew_by(token, answered.get("x-session-renew-by"))

            return self._transport.call(
                replace(call, headers={**call.headers, **authorization}, on_answer=note)
            )

        return gate.run(send)

    def _authorization(self) -> Mapping[str, str]:
        if self.__token is None:
            raise local_error("AUTH_TOKEN_MISSING", "Set a session token first", 401)
        return {"authorization": f"Bearer {self.__token}"}
