"""When a failed attempt is followed by another; the same rules as in the TypeScript SDK (06 §5.4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Literal

from .errors import local_error

#: No pause is longer, whatever the daemon asks for or the back-off comes to. Seconds.
MAX_DELAY = 60.0


@dataclass(frozen=True)
class RetryPolicy:
    """When a failed attempt is followed by another."""

    #: Attempts after the first.
    max_retries: int = 3
    #: How the pause grows; exponential pauses are spread, so that clients that failed together do not come back together.
    backoff: Literal["exponential", "linear", "none"] = "exponential"
    #: Seconds.
    base_delay: float = 1.0
    #: Statuses that are retried when the answer does not say itself whether it is retryable.
    retryable_statuses: frozenset[int] = frozenset({429, 502, 503, 504})

    def __post_init__(self) -> None:
        if isinstance(self.max_retries, bool) or not isinstance(self.max_retries, int) or self.max_retries < 0:
            raise local_error("INVALID_ARGUMENT", "max_retries must be a whole number, zero or more")
        if not 0 <= self.base_delay <= MAX_DELAY:
            raise local_error("INVALID_ARGUMENT", f"base_delay must be between 0 and {MAX_DELAY} seconds")
        if self.backoff not in ("exponential", "linear", "none"):
            raise local_error("INVALID_ARGUMENT", "backoff must be exponential, linear or none")


def backoff_delay(policy: RetryPolicy, retry: int, random: float) -> float:
    """The pause before a retry, seconds; ``retry`` is 1 for the first, ``random`` a number in [0, 1)."""
    if policy.backoff == "none":
        return 0.0
    if policy.backoff == "linear":
        return min(policy.base_delay * retry, MAX_DELAY)
    # 2 ** 1100 is no float; the bound is reached long before.
    return min(policy.base_delay * float(2 ** min(retry - 1, 64)) * (0.5 + random / 2), MAX_DELAY)


def retry_after_delay(headers: Mapping[str, str]) -> float:
    """What a ``Retry-After`` header asks for, seconds; 0 when there is none that can be read.

    A date is measured against the ``Date`` of the same answer: it does not matter how wrong the clock of this machine is.
    """
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]+", value):
        return min(float(value), MAX_DELAY)
    try:
        wanted = parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("date", ""))
    except (TypeError, ValueError):
        return 0.0
    return min(max(wanted.total_seconds(), 0.0), MAX_DELAY)
