"""The wallet of an owner, as a client needs it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from ..errors import WAIaaSError, local_error

_ADDRESS = {"solana": re.compile(r"[1-9A-HJ-NP-Za-km-z]{32,44}"), "ethereum": re.compile(r"0x[0-9a-fA-F]{40}")}
_SIGNATURE = {"solana": re.compile(r"[1-9A-HJ-NP-Za-km-z]{64,88}"), "ethereum": re.compile(r"0x[0-9a-fA-F]{130}")}


def _check(chain: str, address: str) -> None:
    if chain not in _ADDRESS:
        raise local_error("INVALID_ARGUMENT", "chain must be solana or ethereum")
    if not isinstance(address, str) or not _ADDRESS[chain].fullmatch(address):
        raise local_error("INVALID_ARGUMENT", f"That can be no address on {chain}")


def checked_signature(chain: str, signature: object) -> str:
    """A signature in the form the daemon reads. What a wallet gave is not quoted."""
    if isinstance(signature, str) and _SIGNATURE[chain].fullmatch(signature):
        return signature
    form = "Ed25519 signature in base58" if chain == "solana" else "signature of 65 bytes as 0x and hex"
    raise local_error("SIGNER_ERROR", f"The wallet gave no {form}")


def refused_to_sign() -> WAIaaSError:
    return local_error("SIGNER_ERROR", "The wallet did not sign; nothing was sent")


@dataclass(frozen=True)
class OwnerSigner:
    """A wallet that signs texts: by a function, such as of a hardware wallet or a service.

    ``sign_message`` gives base58 on Solana (Ed25519 over the UTF-8 bytes of the text), 0x and hex on Ethereum (EIP-191). An
    Ethereum address is written with the checksum of EIP-55.
    """

    chain: Literal["solana", "ethereum"]
    address: str
    sign_message: Callable[[str], str]

    def __post_init__(self) -> None:
        _check(self.chain, self.address)

    def sign(self, message: str) -> str:
        """:raises WAIaaSError: SIGNER_ERROR, with what the wallet raised as its cause"""
        try:
            signature = self.sign_message(message)
        except WAIaaSError:
            raise
        except Exception as cause:
            raise refused_to_sign() from cause
        return checked_signature(self.chain, signature)


@dataclass(frozen=True)
class AsyncOwnerSigner:
    """The same for a function that is awaited."""

    chain: Literal["solana", "ethereum"]
    address: str
    sign_message: Callable[[str], Awaitable[str]]

    def __post_init__(self) -> None:
        _check(self.chain, self.address)

    async def sign(self, message: str) -> str:
        """:raises WAIaaSError: SIGNER_ERROR, with what the wallet raised as its cause"""
        try:
            signature = await self.sign_message(message)
        except WAIaaSError:
            raise
        except Exception as cause:
            raise refused_to_sign() from cause
        return checked_signature(self.chain, signature)


#: What an owner's client that does not block takes.
AnyOwnerSigner = OwnerSigner | AsyncOwnerSigner


async def sign_async(signer: AnyOwnerSigner, message: str) -> str:
    """Has either kind of wallet sign."""
    return signer.sign(message) if isinstance(signer, OwnerSigner) else await signer.sign(message)


def sign_sync(signer: OwnerSigner, message: str) -> str:
    return signer.sign(message)
