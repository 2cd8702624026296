"""What a client needs of the machine; tests hand in their own."""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import anyio


def _random() -> float:
    return secrets.randbits(53) / 2**53


@dataclass(frozen=True)
class Runtime:
    """For the clients that block."""

    #: Unix seconds: when a session is to be renewed.
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    #: A number in [0, 1), for the jitter.
    random: Callable[[], float] = field(default=_random)


@dataclass(frozen=True)
class AsyncRuntime:
    """For the clients that do not."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep
    random: Callable[[], float] = field(default=_random)
