"""Clients of a WAIaaS daemon for agents, owners and operators."""

from ._async.client import AsyncWAIaaSClient
from ._async.operator_client import AsyncWAIaaSOperatorClient
from ._async.owner_client import AsyncWAIaaSOwnerClient
from ._async.renewal import AsyncAutoRenew
from ._retry import RetryPolicy
from ._sync.client import WAIaaSClient
from ._sync.operator_client import WAIaaSOperatorClient
from ._sync.owner_client import WAIaaSOwnerClient
from ._sync.renewal import AutoRenew
from ._version import __version__
from .errors import ErrorCode, WAIaaSError
from .models import (
    AgentCreate,
    Chain,
    Network,
    OwnerChain,
    PendingApproval,
    SessionConstraints,
    SessionRenewResponse,
    Tier,
    TransactionResponse,
    TransactionStatus,
    TransferRequest,
)
from .owner import AsyncOwnerSigner, EthereumOwnerKey, OwnerSigner, SolanaOwnerKey

__all__ = [
    "AgentCreate",
    "AsyncAutoRenew",
    "AsyncOwnerSigner",
    "AsyncWAIaaSClient",
    "AsyncWAIaaSOperatorClient",
    "AsyncWAIaaSOwnerClient",
    "AutoRenew",
    "Chain",
    "ErrorCode",
    "EthereumOwnerKey",
    "Network",
    "OwnerChain",
    "OwnerSigner",
    "PendingApproval",
    "RetryPolicy",
    "SessionConstraints",
    "SessionRenewResponse",
    "SolanaOwnerKey",
    "Tier",
    "TransactionResponse",
    "TransactionStatus",
    "TransferRequest",
    "WAIaaSClient",
    "WAIaaSError",
    "WAIaaSOperatorClient",
    "WAIaaSOwnerClient",
    "__version__",
]
