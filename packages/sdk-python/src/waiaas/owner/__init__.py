"""Wallets of owners and what they sign."""

from .keys import EthereumOwnerKey, SolanaOwnerKey
from .signer import AsyncOwnerSigner, OwnerSigner

__all__ = ["AsyncOwnerSigner", "EthereumOwnerKey", "OwnerSigner", "SolanaOwnerKey"]
