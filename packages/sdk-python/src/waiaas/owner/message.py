"""The texts that owners sign (03 §5). They are laid out here, from what the caller asked for; of the daemon there is nothing
in them but its nonce, so that a daemon that was tampered with cannot have something else signed."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from .._time import iso_time
from ..errors import WAIaaSError
from ..models import NonceResponse, PendingApproval

_LIFE = timedelta(minutes=5)
_ACCOUNT = {"solana": "Solana", "ethereum": "Ethereum"}
_NATIVE = {
    "solana": (9, "SOL"),
    "ethereum": (18, "ETH"),
    "polygon": (18, "POL"),
    "arbitrum": (18, "ETH"),
    "base": (18, "ETH"),
}


class Wallet(Protocol):
    """What of a wallet stands in a text."""

    @property
    def chain(self) -> str: ...
    @property
    def address(self) -> str: ...


@dataclass(frozen=True)
class Purpose:
    """What a signature says and what it is bound to."""

    statement: str
    resource: str


@dataclass(frozen=True)
class Draft:
    """A text that is yet to be signed."""

    message: str
    nonce: str
    issued_at: str


def sha256_hex(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def owner_statement(action: str, subject: str | None = None) -> str:
    return f"WAIaaS Owner Action: {action}" + ("" if subject is None else f" - {subject}")


def request_resource(method: str, path: str, body: str | None) -> str:
    """Bound to a request: its method, its path with the query, its body to the byte."""
    preimage = f"{method}\n{path}\n{body or ''}"
    return f"urn:waiaas:req:sha256:{sha256_hex(preimage)}"


def transaction_resource(transaction_id: str) -> str:
    return f"urn:waiaas:tx:{transaction_id}"


def canonical_json(value: Mapping[str, Any]) -> str:
    """One text for one value: keys in order, no spaces. Keys are ASCII, numbers are whole."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def refused(message: str) -> WAIaaSError:
    return WAIaaSError(
        code="MESSAGE_REFUSED",
        message=f"{message} Nothing was signed.",
        status_code=0,
        retryable=False,
        hint="Somebody may have changed the database of the daemon. Look into its audit log.",
    )


def draft(wallet: Wallet, host: str, nonce: NonceResponse, purpose: Purpose) -> Draft:
    """Lays out a text. Its time is the daemon's, by the end of the nonce: a wrong clock of this machine does no harm."""
    if not re.fullmatch(r"[0-9a-f]{32}", nonce.nonce):
        raise refused("The daemon gave no nonce.")
    # A line feed in it would begin another field of the text.
    if not re.fullmatch(r"[\x20-\x7e]+", purpose.statement):
        raise refused("What is to be signed is not one line of plain text.")
    issued_at = iso_time(nonce.expires_at - _LIFE)
    message = "\n".join(
        (
            f"{host} wants you to sign in with your {_ACCOUNT[wallet.chain]} account:",
            wallet.address,
            "",
            purpose.statement,
            "",
            f"URI: http://{host}",
            "Version: 1",
            "Chain ID: 1",
            f"Nonce: {nonce.nonce}",
            f"Issued At: {issued_at}",
            f"Expiration Time: {iso_time(nonce.expires_at)}",
            "Resources:",
            f"- {purpose.resource}",
        )
    )
    return Draft(message, nonce.nonce, issued_at)


def owner_authorization(wallet: Wallet, action: str, text: Draft, signature: str) -> str:
    """The Authorization header of a request that an owner signed (03 §15.1)."""
    payload = {
        "chain": wallet.chain,
        "address": wallet.address,
        "action": action,
        "nonce": text.nonce,
        "timestamp": text.issued_at,
        "message": text.message,
        "signature": signature,
    }
    encoded = base64.urlsafe_b64encode(json.dumps(payload).encode("utf-8")).decode("ascii").rstrip("=")
    return f"Bearer {encoded}"


def words_of(payment: PendingApproval) -> str:
    """The words of a payment, which the owner signs, once they have been held against the figures it is listed with: what is
    listed and what was sealed come from different places in the daemon.

    :raises WAIaaSError: MESSAGE_REFUSED when they differ
    """
    if payment.in_words is None:
        raise refused("The stored payment is not the one that was admitted.")
    unit = _unit_of(payment)
    if unit is None:
        raise refused("The payment is listed with an asset that is not the one it names.")
    if not re.fullmatch(r"0|[1-9][0-9]*", payment.amount, re.ASCII):
        raise refused("The payment is listed with an amount that is none.")
    decimals, symbol, token = unit
    what = f"{_formatted(payment.amount, decimals)} {symbol}" + ("" if token is None else f" (token {token})")
    chain, network = _value(payment.chain), _value(payment.network)
    if payment.in_words != f"pay {what} to {payment.to_address} on {chain} {network}":
        raise refused("The words of the payment are not those of the amount, asset and recipient it is listed with.")
    return payment.in_words


def _unit_of(payment: PendingApproval) -> tuple[int, str, str | None] | None:
    """What a payment is listed to be in, or None when what the listing says of it does not fit together."""
    chain = _value(payment.chain)
    if payment.token is None:
        native = _NATIVE.get(chain)
        return (*native, None) if native is not None and payment.asset == f"{chain}:native" else None
    token = payment.token
    # An asset is named without regard to the letter case of a contract; a mint is named to the letter.
    named = token.address if chain == "solana" else token.address.lower()
    readable = re.fullmatch(r"[!-~]+", token.symbol) is not None and 0 <= token.decimals <= 18
    return (token.decimals, token.symbol, token.address) if readable and payment.asset == f"{chain}:{named}" else None


def _formatted(amount: str, decimals: int) -> str:
    """Whole units, without zeros at the end."""
    digits = amount.rjust(decimals + 1, "0")
    whole, fraction = digits[: len(digits) - decimals], digits[len(digits) - decimals :].rstrip("0")
    return f"{whole}.{fraction}" if fraction else whole


def _value(word: Any) -> str:
    return str(getattr(word, "value", word))
