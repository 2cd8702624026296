"""Everything that the clients raise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._error_codes import ErrorCode


class WAIaaSError(Exception):
    """What a call came to when it did not succeed.

    ``code`` is an :class:`ErrorCode` where the code is known, a plain ``str`` where a newer daemon sent another, or one of
    the codes of the clients themselves: AUTH_TOKEN_MISSING, INVALID_TOKEN_FORMAT, INVALID_ARGUMENT, SIGNER_ERROR,
    MESSAGE_REFUSED, NETWORK_ERROR, TIMEOUT, UNKNOWN_ERROR. Either compares with a text.

    ``status_code`` is 0 when there was no answer. ``idempotency_key`` is that of the payment that failed: repeat the
    payment with it, for with another key it may be paid twice. No secret is in any of it.
    """

    code: ErrorCode | str
    message: str
    status_code: int
    retryable: bool
    request_id: str | None
    details: Mapping[str, Any] | None
    hint: str | None
    idempotency_key: str | None

    def __init__(
        self,
        *,
        code: str,
        message: str,
        status_code: int,
        retryable: bool,
        request_id: str | None = None,
        details: Mapping[str, Any] | None = None,
        hint: str | None = None,
        idempotency_key: str | None = None,
    ) -> None:
        super().__init__(f"{_text(code)}: {message}")
        self.code = _known(code)
        self.message = message
        self.status_code = status_code
        self.retryable = retryable
        self.request_id = request_id
        self.details = details
        self.hint = hint
        self.idempotency_key = idempotency_key

    def to_dict(self) -> dict[str, Any]:
        """The error as plain data; what is not known is absent."""
        fields = {
            "code": _text(self.code),
            "message": self.message,
            "statusCode": self.status_code,
            "retryable": self.retryable,
            "requestId": self.request_id,
            "details": self.details,
            "hint": self.hint,
            "idempotencyKey": self.idempotency_key,
        }
        return {name: value for name, value in fields.items() if value is not None}


def _text(code: str) -> str:
    return code.value if isinstance(code, ErrorCode) else code


def _known(code: str) -> ErrorCode | str:
    try:
        return ErrorCode(code)
    except ValueError:
        return code


def local_error(code: str, message: str, status_code: int = 0) -> WAIaaSError:
    """A refusal of the client itself, before anything was sent."""
    return WAIaaSError(code=code, message=message, status_code=status_code, retryable=False)


__all__ = ["ErrorCode", "WAIaaSError"]
