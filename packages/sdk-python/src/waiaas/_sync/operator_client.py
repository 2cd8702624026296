# Made by tools/generate_sync.py from _async/operator_client.py. Do not edit.
from __future__ import annotations

from collections.abc import Generator, Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel

from .._http import DEFAULT_BASE_URL, Call, check_master_password, encode_body, encode_id
from .._retry import RetryPolicy
from .._runtime import Runtime
from ..errors import local_error
from ..models import (
    AdminLoginResponse,
    AdminLogoutResponse,
    AdminStatusResponse,
    ChangeBatch,
    MasterPasswordChangeResponse,
    OwnerRejectResponse,
    PendingApproval,
    SecretRotationResponse,
    SessionConstraints,
    SessionCreateResponse,
    ShutdownResponse,
)
from .management import ManagementClient
from .transport import Transport

A = TypeVar("A", bound=BaseModel)


class WAIaaSOperatorClient(ManagementClient):
    """What the operator of a daemon can do: whoever knows the master password. The password is not kept; signing in gives a
    token that ends after fifteen idle minutes.

    >>> with WAIaaSOperatorClient() as operator:
    ...     operator.sign_in(master_password)
    """

    def __init__(
        self,
        *,
        base_url: str = DEFAULT_BASE_URL,
        timeout: float | None = None,
        max_retries: int = 3,
        retry: RetryPolicy | None = None,
        http_client: httpx.Client | None = None,
        runtime: Runtime | None = None,
    ) -> None:
        """Reading is tried again as ``retry`` says; what changes something is sent once."""
        self._transport = Transport(
            base_url=base_url,
            timeout=timeout,
            retry=retry or RetryPolicy(max_retries=max_retries),
            http_client=http_client,
            runtime=runtime,
        )
        self.__token: str | None = None

    def __enter__(self) -> WAIaaSOperatorClient:
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

    def sign_in(self, master_password: str) -> datetime:
        """Exchanges the master password for a token; answers when it ends at the latest."""
        answer = self._with_password(master_password, "/v1/admin/login", AdminLoginResponse)
        self.__token = answer.token
        return answer.expires_at

    def sign_out(self) -> None:
        """Ends the token, here and at the daemon."""
        headers = self._authorization()
        self.__token = None
        self._transport.call(
            Call("POST", "/v1/admin/logout", AdminLogoutResponse, headers=headers, once=True)
        )

    def create_session(
        self, *, agent_id: str, expires_in: int | None = None, constraints: SessionConstraints | None = None
    ) -> SessionCreateResponse:
        body: dict[str, Any] = {"agentId": agent_id}
        if expires_in is not None:
            body["expiresIn"] = expires_in
        if constraints is not None:
            body["constraints"] = constraints.model_dump(mode="json", by_alias=True, exclude_none=True)
        return self._manage(
            "POST", "/v1/sessions", SessionCreateResponse, "manage_sessions", encode_body(body)
        )

    def reject_transaction(
        self, transaction: str | PendingApproval, *, reason: str | None = None
    ) -> OwnerRejectResponse:
        transaction_id = transaction if isinstance(transaction, str) else transaction.tx_id
        body = None if reason is None else encode_body({"reason": reason})
        path = f"/v1/owner/reject/{encode_id(transaction_id)}"
        return self._manage("POST", path, OwnerRejectResponse, "manage_sessions", body)

    def get_daemon_status(self) -> AdminStatusResponse:
        """The daemon itself: workers, chains, keystore, database."""
        return self._manage("GET", "/v1/admin/status", AdminStatusResponse, "view_dashboard")

    def watch_changes(self) -> Generator[ChangeBatch, None, None]:
        """What the daemon does, as it does it: what to look at again. The first batch is empty and comes at once. Ends when
        the loop is left and the generator closed; listening keeps no token alive, and does not connect again by itself.

        >>> with closing(operator.watch_changes()) as batches:
        ...     for batch in batches:
        ...         print(batch.changes)

        :raises WAIaaSError: INVALID_OPERATOR_TOKEN when the token ends meanwhile, SYSTEM_LOCKED when the kill switch is
            engaged, NETWORK_ERROR when the daemon is gone
        """
        call = Call("GET", "/v1/owner/changes", ChangeBatch, headers=self._authorization(), once=True)
        return self._transport.watch(call, "changes")

    def change_master_password(self, master_password: str, new_password: str) -> MasterPasswordChangeResponse:
        """Changes the master password. Operator tokens end with it, this client's too."""
        return self._with_password(
            master_password,
            "/v1/admin/password",
            MasterPasswordChangeResponse,
            encode_body({"newPassword": new_password}),
            (new_password,),
        )

    def rotate_secret(self, master_password: str) -> SecretRotationResponse:
        """Signs session tokens with a new secret. Those of the old one are good for five minutes more, for renewal."""
        return self._with_password(master_password, "/v1/admin/rotate-secret", SecretRotationResponse)

    def shut_down(self, master_password: str) -> ShutdownResponse:
        """Stops the daemon."""
        return self._with_password(master_password, "/v1/admin/shutdown", ShutdownResponse)

    def _manage(self, method: str, path: str, answer: type[A], action: str, body: str | None = None) -> A:
        call = Call(method, path, answer, headers=self._authorization(), body=body, once=method != "GET")
        return self._transport.call(call)

    def _with_password(
        self,
        master_password: str,
        path: str,
        answer: type[A],
        body: str | None = None,
        secrets: tuple[str, ...] = (),
    ) -> A:
        headers = {"x-master-password": check_master_password(master_password)}
        call = Call("POST", path, answer, headers=headers, body=body, secrets=secrets, once=True)
        return self._transport.call(call)

    def _authorization(self) -> Mapping[str, str]:
        if self.__token is None:
            raise local_error("AUTH_TOKEN_MISSING", "Sign in first", 401)
        return {"authorization": f"Bearer {self.__token}"}
