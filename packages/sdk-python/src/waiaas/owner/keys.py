"""Owners whose key is at hand. A key is kept where neither ``repr`` nor ``vars`` finds its bytes."""

from __future__ import annotations

import json
from pathlib import Path

from ..errors import local_error
from .signer import OwnerSigner

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def base58(data: bytes) -> str:
    number = int.from_bytes(data, "big")
    text = ""
    while number:
        number, digit = divmod(number, 58)
        text = _BASE58[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text




class SolanaOwnerKey(OwnerSigner):
    """An Ed25519 key: 32 bytes of secret, or the 64 of a key file of the Solana tools. Needs ``waiaas[solana]``."""

    def __init__(self, secret: bytes) -> None:
        try:
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        except ImportError:
            raise local_error("INVALID_ARGUMENT", 'Install "waiaas[solana]" to sign with a key') from None
        if not isinstance(secret, (bytes, bytearray)) or len(secret) not in (32, 64):
            raise local_error("INVALID_ARGUMENT", "An Ed25519 key has 32 bytes, or 64 with its public key")
        key = Ed25519PrivateKey.from_private_bytes(bytes(secret[:32]))
        public = key.public_key().public_bytes_raw()
        if len(secret) == 64 and bytes(secret[32:]) != public:
            raise local_error("INVALID_ARGUMENT", "The two halves of the key do not belong together")
        super().__init__("solana", base58(public), lambda message: base58(key.sign(message.encode("utf-8"))))

    @classmethod
    def from_file(cls, path: str | Path) -> SolanaOwnerKey:
        """Reads a key file as ``solana-keygen`` writes it: a JSON list of 64 numbers."""
        try:
            numbers = json.loads(Path(path).read_text("utf-8"))
            return cls(bytes(numbers))
        except (OSError, ValueError, TypeError):
            raise local_error("INVALID_ARGUMENT", "The file holds no key as solana-keygen writes it") from None


class EthereumOwnerKey(OwnerSigner):
    """A secp256k1 key: 32 bytes, or 0x and 64 hex digits. Needs ``waiaas[ethereum]``."""

    def __init__(self, secret: bytes | str) -> None:
        try:
            from eth_account import Account
            from eth_account.messages import encode_defunct
        except ImportError:
            raise local_error("INVALID_ARGUMENT", 'Install "waiaas[ethereum]" to sign with a key') from None
        try:
            account = Account.from_key(secret)
        except Exception:
            raise local_error("INVALID_ARGUMENT", "A secp256k1 key has 32 bytes, or 0x and 64 hex digits") from None

        def sign(message: str) -> str:
            return "0x" + bytes(account.sign_message(encode_defunct(text=message)).signature).hex()

        super().__init__("ethereum", str(account.address), sign)
