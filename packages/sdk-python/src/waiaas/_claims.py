"""What a client reads in its own session token."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass


@dataclass(frozen=True)
class SessionClaims:
    session_id: str
    #: Unix seconds.
    issued_at: float
    #: Unix seconds.
    expires_at: float


def read_session_claims(token: str) -> SessionClaims | None:
    """Reads a session token, without being able to check it; None for one that says nothing of this."""
    parts = token.split(".")
    try:
        payload = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        sid, iat, exp = payload["sid"], payload["iat"], payload["exp"]
    except (IndexError, KeyError, TypeError, ValueError):
        return None
    numbers = isinstance(iat, (int, float)) and isinstance(exp, (int, float))
    return SessionClaims(sid, iat, exp) if isinstance(sid, str) and numbers else None
