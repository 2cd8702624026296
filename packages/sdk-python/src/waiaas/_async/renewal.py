from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

from .._claims import read_session_claims
from .._monitor import AsyncMonitor
from .._time import parse_time
from ..errors import WAIaaSError
from ..models import SessionRenewResponse

T = TypeVar("T")

#: The daemon renews from half of a session's life on; a clock that is a little off had better not ask too early.
DUE = 0.7
#: No renewal leads anywhere after these.
FINAL = ("RENEWAL_LIMIT_REACHED", "SESSION_ABSOLUTE_LIFETIME_EXCEEDED")
#: Seconds.
LEAST_PAUSE = 1.0


@dataclass(frozen=True)
class AsyncAutoRenew:
    """Renews the session while the client is in use."""

    #: Told the new token, before anything is sent with it. The old one has ended: what is not kept here is lost when the
    #: process ends.
    on_renewed: Callable[[SessionRenewResponse], Awaitable[None]]
    #: Told why a renewal did not happen. The session goes on until its end.
    on_refused: Callable[[WAIaaSError], None]


@dataclass(frozen=True)
class AsyncRenewing:
    """What the gate is told of its client."""

    token: Callable[[], str | None]
    renew: Callable[[], Awaitable[SessionRenewResponse]]
    #: Unix seconds.
    now: Callable[[], float]


class AsyncRenewalGate:
    """Lets calls through, and renews between them when it is time. The old token ends with the renewal, so the calls that
    are under way with it are waited for, and those that come meanwhile wait."""

    def __init__(self, auto_renew: AsyncAutoRenew, client: AsyncRenewing) -> None:
        self._auto_renew = auto_renew
        self._client = client
        self._monitor = AsyncMonitor()
        self._under_way = 0
        self._renewing = False
        #: The token that was last refused, and when another attempt makes sense.
        self._refused: tuple[str, float] | None = None
        #: The token that ends before its time, and when.
        self._ending: tuple[str, float] | None = None

    def note_renew_by(self, asked: str | None, renew_by: str | None) -> None:
        """Takes note of what an answer said: that the token it was asked for with ends at a time of its own, because the
        daemon's secret was rotated. It is renewed before the next call then."""
        at = None if renew_by is None else parse_time(renew_by)
        if asked is None or at is None or asked != self._client.token():
            return
        ending = (asked, at)

        def note() -> None:
            self._ending = ending

        self._monitor.change(note)

    async def run(self, call: Callable[[], Awaitable[T]]) -> T:
        """Makes a call once no renewal is under way or due."""
        while await self._monitor.when(self._turn) == "renew":
            await self._renew_once_idle()
        try:
            return await call()
        finally:
            self._monitor.change(self._leave)

    def _turn(self) -> Literal["call", "renew"] | None:
        if self._renewing:
            return None
        if self._is_due():
            self._renewing = True
            return "renew"
        self._under_way += 1
        return "call"

    def _leave(self) -> None:
        self._under_way -= 1

    def _is_idle(self) -> Literal[True] | None:
        return True if self._under_way == 0 else None

    def _end_renewal(self) -> None:
        self._renewing = False

    def _is_due(self) -> bool:
        token = self._client.token()
        claims = read_session_claims(token or "")
        if token is None or claims is None:
            return False
        now = self._client.now()
        if self._refused is not None and self._refused[0] == token and now < self._refused[1]:
            return False
        if self._ending is not None and self._ending[0] == token:
            return True
        lifetime = claims.expires_at - claims.issued_at
        return claims.issued_at + lifetime * DUE <= now < claims.expires_at

    async def _renew_once_idle(self) -> None:
        try:
            before = self._client.token()
            await self._monitor.when(self._is_idle)
            # Another token may have been set meanwhile; then the caller knows better.
            if before is not None and self._client.token() == before:
                # Whoever is cancelled half-way would be left without a token.
                with self._monitor.to_its_end():
                    await self._renew(before)
        finally:
            self._monitor.change(self._end_renewal)

    async def _renew(self, before: str) -> None:
        try:
            renewed = await self._client.renew()
        except WAIaaSError as error:
            self._refused = (before, self._client.now() + self._pause(before, error))
            told = error
        else:
            try:
                await self._auto_renew.on_renewed(renewed)
            except Exception as error:
                raise callback_failed() from error
            return
        try:
            self._auto_renew.on_refused(told)
        except Exception as error:
            raise callback_failed() from error

    def _pause(self, token: str, error: WAIaaSError) -> float:
        """How long to go on with a token before another attempt. Seconds."""
        if error.code in FINAL:
            return math.inf
        claims = read_session_claims(token)
        ends = [claims.expires_at if claims is not None else 0.0]
        if self._ending is not None and self._ending[0] == token:
            ends.append(self._ending[1])
        return max(LEAST_PAUSE, (min(ends) - self._client.now()) / 4)


def callback_failed() -> WAIaaSError:
    return WAIaaSError(
        code="INVALID_ARGUMENT",
        message="A callback of auto_renew failed; the request was not sent",
        status_code=0,
        retryable=False,
    )
