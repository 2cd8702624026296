"""Times as the API has them."""

from __future__ import annotations

from datetime import datetime, timezone

from .errors import local_error


def parse_time(text: str) -> float | None:
    """Unix seconds of a time as the API writes it; None for what is none, or is of nobody knows which zone."""
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return None if moment.utcoffset() is None else moment.timestamp()
    except (ValueError, OverflowError):
        return None


def iso_time(moment: datetime) -> str:
    """UTC with milliseconds and Z. A time without a zone could be anywhere's, and is refused."""
    if moment.utcoffset() is None:
        raise local_error("INVALID_ARGUMENT", "A time must be aware of its zone")
    utc = moment.astimezone(timezone.utc)
    return f"{utc.strftime('%Y-%m-%dT%H:%M:%S')}.{utc.microsecond // 1000:03d}Z"
