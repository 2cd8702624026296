"""What an owner signs: laid out to the byte, and held against the figures."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from waiaas import WAIaaSError
from waiaas._time import iso_time
from waiaas.models import NonceResponse, PendingApproval
from waiaas.owner.keys import base58
from waiaas.owner.message import Purpose, canonical_json, draft, owner_statement, request_resource, words_of
from waiaas.owner.signer import OwnerSigner

TO = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"
MINT = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"


def payment(**changes: Any) -> PendingApproval:
    fields: dict[str, Any] = {
        "txId": "01936d3a-7f00-7abc-8def-0123456789ab",
        "agentId": "01936d3a-7f00-7abc-8def-0123456789ac",
        "agentName": "payer",
        "type": "TRANSFER",
        "asset": "solana:native",
        "amount": "12500000000",
        "toAddress": TO,
        "chain": "solana",
        "network": "devnet",
        "tier": "APPROVAL",
        "queuedAt": "2026-11-22T00:00:00.000Z",
        "expiresAt": "2026-11-22T01:00:00.000Z",
        "inWords": f"pay 12.5 SOL to {TO} on solana devnet",
    }
    return PendingApproval(**{**fields, **changes})


TOKEN = {"address": MINT, "decimals": 6, "symbol": "USDC"}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"amount": "1", "inWords": f"pay 0.000000001 SOL to {TO} on solana devnet"},
        {"amount": "18446744073709551615", "inWords": f"pay 18446744073.709551615 SOL to {TO} on solana devnet"},
        {
            "type": "TOKEN_TRANSFER",
            "asset": f"solana:{MINT}",
            "token": TOKEN,
            "amount": "3000000",
            "inWords": f"pay 3 USDC (token {MINT}) to {TO} on solana devnet",
        },
    ],
)
def test_words_that_are_of_the_figures_are_signed(changes: dict[str, Any]) -> None:
    asked = payment(**changes)
    assert words_of(asked) == asked.in_words


@pytest.mark.parametrize(
    "changes",
    [
        {"inWords": None},
        {"inWords": f"pay 1.25 SOL to {TO} on solana devnet"},
        {"inWords": f"pay 12.50 SOL to {TO} on solana devnet"},
        {"inWords": f"pay 12.5 SOL to {MINT} on solana devnet"},
        {"inWords": f"pay 12.5 SOL to {TO} on solana mainnet-beta"},
        {"inWords": f"pay 12.5 USDC to {TO} on solana devnet"},
        {"inWords": f"pay 12.5 SOL to {TO} on solana devnet\nURI: http://evil"},
        {"amount": "125000000000"},
        {"amount": "0x2e90edd00"},
        {"asset": f"solana:{MINT}"},
        {"token": TOKEN},
        {"chain": "ethereum"},
    ],
)
def test_words_that_are_not_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(WAIaaSError) as caught:
        words_of(payment(**changes))
    assert caught.value.code == "MESSAGE_REFUSED"


def test_a_text_is_laid_out_as_wallets_show_it() -> None:
    wallet = OwnerSigner("solana", TO, lambda text: "")
    nonce = NonceResponse(nonce="0" * 32, expires_at=datetime(2026, 11, 22, 0, 5, 0, 123000, timezone.utc))
    text = draft(wallet, "127.0.0.1:3100", nonce, Purpose(owner_statement("kill_switch"), "urn:waiaas:req:sha256:00"))
    assert text.message == "\n".join(
        [
            "127.0.0.1:3100 wants you to sign in with your Solana account:",
            TO,
            "",
            "WAIaaS Owner Action: kill_switch",
            "",
            "URI: http://127.0.0.1:3100",
            "Version: 1",
            "Chain ID: 1",
            f"Nonce: {'0' * 32}",
            "Issued At: 2026-11-22T00:00:00.123Z",
            "Expiration Time: 2026-11-22T00:05:00.123Z",
            "Resources:",
            "- urn:waiaas:req:sha256:00",
        ]
    )


def test_a_statement_of_two_lines_is_not_signed() -> None:
    wallet = OwnerSigner("solana", TO, lambda text: "")
    nonce = NonceResponse(nonce="0" * 32, expires_at=datetime(2026, 11, 22, tzinfo=timezone.utc))
    with pytest.raises(WAIaaSError):
        draft(wallet, "127.0.0.1:3100", nonce, Purpose("one\ntwo", "urn:x"))


def test_a_request_is_bound_to_the_byte() -> None:
    bound = {
        request_resource(method, path, body)
        for method, path, body in [
            ("GET", "/v1/a", None),
            ("POST", "/v1/a", None),
            ("POST", "/v1/a?b", None),
            ("POST", "/v1/a", "{}"),
            ("POST", "/v1/a", "{ }"),
        ]
    }
    assert len(bound) == 5


def test_one_value_has_one_text() -> None:
    assert canonical_json({"b": 1, "a": ["é", True, None], "c": {"z": 1, "y": "x"}}) == (
        '{"a":["é",true,null],"b":1,"c":{"y":"x","z":1}}'
    )


def test_times_and_base58_are_those_of_the_api() -> None:
    assert iso_time(datetime(2026, 1, 2, 3, 4, 5, 6999, timezone.utc)) == "2026-01-02T03:04:05.006Z"
    with pytest.raises(WAIaaSError):
        iso_time(datetime(2026, 1, 2))
    assert (base58(b""), base58(b"\0\0\1"), base58(bytes(32))) == ("", "112", "1" * 32)
