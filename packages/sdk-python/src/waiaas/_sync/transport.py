# Made by tools/generate_sync.py from _async/transport.py. Do not edit.
from __future__ import annotations

import time
from collections.abc import Generator
from itertools import count
from typing import TypeVar

import httpx
from pydantic import BaseModel

from .._events import SILENCE, EventReader
from .._http import (
    DEFAULT_BASE_URL,
    DEFAULT_TIMEOUT,
    Call,
    RawAnswer,
    check_base_url,
    check_timeout,
    host_of,
    read_answer,
    timed_out,
    unreachable,
)
from .._retry import RetryPolicy, backoff_delay, retry_after_delay
from .._runtime import Runtime
from ..errors import WAIaaSError

A = TypeVar("A", bound=BaseModel)


class Transport:
    """The way to one daemon."""

    def __init__(
        self,
        *,
        base_url: str = DEFAULT_BASE_URL,
        timeout: float | None = None,
        retry: RetryPolicy | None = None,
        http_client: httpx.Client | None = None,
        runtime: Runtime | None = None,
    ) -> None:
        self._base_url = check_base_url(base_url)
        self._timeout = None if timeout is None else check_timeout(timeout)
        self._retry = retry or RetryPolicy()
        # Proxies of the environment would be handed the token; a daemon is on this machine.
        self._client = http_client or httpx.Client(trust_env=False)
        self._own_client = http_client is None
        self.runtime = runtime or Runtime()
        self.host = host_of(self._base_url)

    def close(self) -> None:
        if self._own_client:
            self._client.close()

    def call(self, call: Call[A]) -> A:
        """Makes a call: attempts, pauses, and the answer or the last error. Every attempt sends the very same bytes, the
        idempotency key included, so that a retry can never be a second payment."""
        timeout = self._timeout or call.timeout or DEFAULT_TIMEOUT
        for retry in count(1):
            asked = 0.0
            try:
                raw = self._exchange(call, timeout)
                if call.on_answer is not None:
                    call.on_answer(raw.headers)
                asked = retry_after_delay(raw.headers)
                return read_answer(call, raw, self._retry)
            except WAIaaSError as error:
                final = call.once or not error.retryable or error.code in call.final_codes
                if final or retry > self._retry.max_retries:
                    raise
            self.runtime.sleep(max(asked, backoff_delay(self._retry, retry, self.runtime.random())))
        raise AssertionError("unreachable")

    def watch(self, call: Call[A], event: str) -> Generator[A, None, None]:
        """Listens to server-sent events of one name. It does not connect again by itself: what happened meanwhile would be
        missed in silence.

        :raises WAIaaSError: what the daemon answered, or told at the end; NETWORK_ERROR
        """
        timeout = self._timeout or DEFAULT_TIMEOUT
        reader = EventReader()
        try:
            with self._client.stream(
                call.method,
                f"{self._base_url}{call.path}",
                headers={**call.all_headers(), "accept": "text/event-stream"},
                # Each read has its own time: how long the caller thinks about what it was told is none of this.
                timeout=httpx.Timeout(timeout, read=SILENCE),
                follow_redirects=False,
            ) as response:
                if response.status_code != 200:
                    body = response.read()
                    text = body.decode("utf-8", "replace")
                    read_answer(call, RawAnswer(response.status_code, response.headers, text), self._retry)
                for chunk in response.iter_bytes():
                    for told in reader.feed(chunk):
                        if told.name == event:
                            yield read_answer(call, RawAnswer(200, {}, told.data), self._retry)
                        elif told.name == "end":
                            read_answer(call, RawAnswer(401, {}, told.data), self._retry)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise unreachable(call, self._base_url, type(error).__name__) from None
        raise unreachable(call, self._base_url, "the daemon ended the stream")

    def _exchange(self, call: Call[A], timeout: float) -> RawAnswer:
        """Sends a request once and reads the answer. Never follows a redirect: a token must not travel to an address that
        somebody else chose."""
        deadline = time.monotonic() + timeout
        chunks: list[bytes] = []
        try:
            with self._client.stream(
                call.method,
                f"{self._base_url}{call.path}",
                headers=call.all_headers(),
                content=None if call.body is None else call.body.encode("utf-8"),
                timeout=timeout,
                follow_redirects=False,
            ) as response:
                for chunk in response.iter_bytes():
                    chunks.append(chunk)
                    # The time-out of httpx is for each piece of an answer.
                    if time.monotonic() > deadline:
                        raise timed_out(call, timeout)
                text = b"".join(chunks).decode("utf-8", "replace")
                return RawAnswer(response.status_code, response.headers, text)
        except httpx.TimeoutException:
            raise timed_out(call, timeout) from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise unreachable(call, self._base_url, type(error).__name__) from None
