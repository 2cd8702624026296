"""The real daemon on a ledger of its own, as a process."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from waiaas import AgentCreate, Chain, Network, SessionConstraints, WAIaaSClient, WAIaaSOperatorClient
from waiaas.models import SpendingLimitPolicyRules, UpdatePolicyRequest
from waiaas.owner.keys import base58

PROGRAM = Path(os.environ.get("WAIAAS_TEST_WORLD", Path(__file__).parents[3] / "tooling" / "chaos" / "dist" / "world-process.js"))


def stranger() -> str:
    """An address nobody was paid at before. It has a key: half of all addresses are of programs, which are not paid."""
    return base58(Ed25519PrivateKey.generate().public_key().public_bytes_raw())


class World:
    """What the tests talk to."""

    def __init__(self) -> None:
        node = os.environ.get("WAIAAS_TEST_NODE", "node")
        self._process = subprocess.Popen(
            [node, str(PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        first = self._read()
        self.url: str = first["url"]
        self.password: str = first["password"]
        self.contract: dict[str, Any] = first["contract"]

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if line == "":
            raise RuntimeError(f"The daemon has ended with exit code {self._process.wait()}")
        value: dict[str, Any] = json.loads(line)
        return value

    def _ask(self, **command: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return self._read()

    def airdrop(self, address: str, lamports: int = 1_000_000_000_000) -> None:
        self._ask(airdrop=address, lamports=str(lamports))

    def balance(self, address: str) -> int:
        """Lamports, as the ledger has them."""
        return int(self._ask(balance=address)["balance"])

    def advance(self, seconds: int) -> None:
        """Sets the daemon's clock forward."""
        self._ask(advance=seconds)

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def operator(self) -> WAIaaSOperatorClient:
        operator = WAIaaSOperatorClient(base_url=self.url)
        operator.sign_in(self.password)
        return operator

    def new_agent(self, operator: WAIaaSOperatorClient, constraints: SessionConstraints | None = None) -> tuple[str, str]:
        """Creates an agent with money; its id, and the token of a session."""
        agent = operator.create_agent(AgentCreate(name="payer", chain=Chain.SOLANA, network=Network.LOCALNET))
        self.airdrop(agent.public_key)
        session = operator.create_session(agent_id=agent.id, constraints=constraints)
        return agent.id, session.token

    def client(self, token: str) -> WAIaaSClient:
        return WAIaaSClient(base_url=self.url, session_token=token, max_retries=0)


def set_limits(operator: WAIaaSOperatorClient) -> None:
    """From 3 SOL on the owner is asked."""
    rules = SpendingLimitPolicyRules(
        chain=Chain.SOLANA, instant_max=1_000_000_000, notify_max=2_000_000_000, delay_max=3_000_000_000
    )
    policy = operator.list_policies().policies[0]
    operator.update_policy(policy.id, UpdatePolicyRequest(rules=rules.model_dump(mode="json", exclude_none=True)))
