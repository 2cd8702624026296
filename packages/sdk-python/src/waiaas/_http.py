"""Requests and answers, without sending any."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from pydantic import BaseModel, ValidationError

from ._retry import RetryPolicy
from .errors import WAIaaSError, local_error
from .models import TransferRequest

DEFAULT_BASE_URL = "http://127.0.0.1:3100"
DEFAULT_TIMEOUT = 30.0
#: Longer than the 30 s that the daemon waits for a confirmation.
SEND_TIMEOUT = 45.0

A = TypeVar("A", bound=BaseModel)


@dataclass(frozen=True)
class Call(Generic[A]):
    """One logical call: the same bytes, sent as often as it takes."""

    method: str
    #: With the query, encoded.
    path: str
    answer: type[A]
    headers: Mapping[str, str] = field(default_factory=dict)
    #: To the byte.
    body: str | None = None
    #: What of the request must not show up in an error.
    secrets: tuple[str, ...] = ()
    #: Seconds for each attempt, where the client was not told another time.
    timeout: float | None = None
    #: Sent once and never again: for what would be done twice, and for signatures, which are good for one use.
    once: bool = False
    final_codes: frozenset[str] = frozenset()
    idempotency_key: str | None = None
    #: Told the headers of every answer, also of those that are errors.
    on_answer: Callable[[Mapping[str, str]], None] | None = None

    def all_headers(self) -> dict[str, str]:
        content = {} if self.body is None else {"content-type": "application/json"}
        return {"accept": "application/json", **content, **self.headers}

    def all_secrets(self) -> tuple[str, ...]:
        authorization = self.headers.get("authorization", "").removeprefix("Bearer ")
        return tuple(s for s in (authorization, self.headers.get("x-master-password", ""), *self.secrets) if s)


@dataclass(frozen=True)
class RawAnswer:
    """An answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    text: str


def check_base_url(base_url: str) -> str:
    """The address of a daemon without trailing slashes. It is not repeated in errors, since it may hold a password."""
    try:
        url = urlsplit(base_url)
        _ = url.port
    except ValueError:
        raise local_error("INVALID_ARGUMENT", "base_url is not a URL") from None
    if url.scheme not in ("http", "https") or not url.hostname:
        raise local_error("INVALID_ARGUMENT", "base_url must begin with http:// or https:// and name a host")
    if "@" in url.netloc:
        raise local_error("INVALID_ARGUMENT", "base_url must not hold a user name or a password")
    if "?" in base_url or "#" in base_url:
        raise local_error("INVALID_ARGUMENT", "base_url must not hold a query or a fragment")
    return base_url.rstrip("/")


def host_of(base_url: str) -> str:
    """Host and port, as the messages of owners name it."""
    return urlsplit(base_url).netloc.lower()


def check_timeout(timeout: float) -> float:
    if isinstance(timeout, (int, float)) and 0 < timeout <= 2_000_000:
        return timeout
    raise local_error("INVALID_ARGUMENT", "timeout must be a number of seconds above zero")


def encode_query(query: Mapping[str, Any]) -> str:
    """A query of what is given; nothing where nothing is. A bool is written as the API has it."""
    given = {name: _word(value) for name, value in query.items() if value is not None}
    return f"?{urlencode(given)}" if given else ""


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(getattr(value, "value", value))


def encode_id(text: str) -> str:
    """An id as a part of a path. Dot segments would lead to another route."""
    if isinstance(text, str) and not re.fullmatch(r"\.{0,2}", text):
        try:
            return quote(text, safe="")
        except UnicodeEncodeError:
            pass
    raise local_error("INVALID_ARGUMENT", "That can be no id")


def encode_body(value: BaseModel | Mapping[str, Any]) -> str:
    """A body, written once for all attempts."""
    plain = value.model_dump(mode="json", by_alias=True, exclude_none=True) if isinstance(value, BaseModel) else value
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def encode_payment(request: TransferRequest) -> str:
    """The body of a payment. Whoever names a token wants to pay with it."""
    named = request.type is None and request.token_mint is not None
    return encode_body(request.model_copy(update={"type": "TOKEN_TRANSFER"}) if named else request)


def check_header(value: str, pattern: str, message: str, code: str = "INVALID_ARGUMENT") -> str:
    """A value as a header can carry it; never quoted."""
    if isinstance(value, str) and re.fullmatch(pattern, value):
        return value
    raise local_error(code, message)


def check_master_password(password: str) -> str:
    return check_header(
        password,
        r"[\x21-\x7e](?:[\x20-\x7e]{0,126}[\x21-\x7e])?",
        "A master password has at most 128 printable ASCII characters, without spaces at its ends",
    )


def check_idempotency_key(key: str) -> str:
    return check_header(
        key,
        r"[\x21-\x7e](?:[\x20-\x7e]{0,126}[\x21-\x7e])?",
        "idempotency_key must be 1 to 128 printable ASCII characters without spaces at its ends",
    )


def check_session_token(token: str) -> str:
    return check_header(
        token,
        r"wai_sess_[\x21-\x7e]+",
        "A session token begins with wai_sess_ and has no white space",
        "INVALID_TOKEN_FORMAT",
    )


def read_answer(call: Call[A], raw: RawAnswer, policy: RetryPolicy) -> A:
    """The answer to a call. Something else than the daemon may answer: that is UNKNOWN_ERROR, never a value.

    :raises WAIaaSError: what went wrong
    """
    if 200 <= raw.status < 300:
        try:
            return call.answer.model_validate_json(raw.text)
        except ValidationError:
            # What pydantic says quotes the answer, which may hold a token.
            pass
        body: Mapping[str, Any] = {}
    else:
        body = _object(_without_secrets(raw.text, call.all_secrets()))
    nested = body.get("error")
    error: Mapping[str, Any] = nested if isinstance(nested, dict) else body
    by_status = raw.status in policy.retryable_statuses
    request_id = _string(error.get("requestId")) or raw.headers.get("x-request-id")
    code = _string(error.get("code"))
    if code is None:
        raise WAIaaSError(
            code="UNKNOWN_ERROR",
            message=f"HTTP {raw.status}",
            status_code=raw.status,
            retryable=by_status,
            request_id=request_id,
            hint="The answer is not one of the daemon; check that base_url is its address.",
            idempotency_key=call.idempotency_key,
        )
    retryable, details = error.get("retryable"), error.get("details")
    raise WAIaaSError(
        code=code,
        message=_string(error.get("message")) or f"HTTP {raw.status}",
        status_code=raw.status,
        retryable=retryable if isinstance(retryable, bool) else by_status,
        request_id=request_id,
        details=details if isinstance(details, dict) else None,
        hint=_string(error.get("hint")),
        idempotency_key=call.idempotency_key,
    )


def unreachable(call: Call[A], base_url: str, reason: str) -> WAIaaSError:
    """There was no answer. What httpx raised is not handed on, since it may quote the request."""
    url = urlsplit(base_url)
    return WAIaaSError(
        code="NETWORK_ERROR",
        message=f"No answer from {url.scheme}://{url.netloc} ({reason}).",
        status_code=0,
        retryable=True,
        details={"reason": reason},
        hint="Check that the daemon runs and that base_url is its address; redirects are not followed.",
        idempotency_key=call.idempotency_key,
    )


def timed_out(call: Call[A], timeout: float) -> WAIaaSError:
    return WAIaaSError(
        code="TIMEOUT",
        message=f"The daemon did not answer within {timeout:g} s.",
        status_code=0,
        retryable=True,
        idempotency_key=call.idempotency_key,
    )


def _without_secrets(text: str, secrets: tuple[str, ...]) -> str:
    """Some proxies quote the request in their error pages; an error is logged."""
    for secret in secrets:
        prefix = re.match(r"wai_(?:sess|op)_", secret)
        text = text.replace(secret, f"{prefix.group() if prefix else ''}***")
    return text


def _object(text: str) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) and value != "" else None
