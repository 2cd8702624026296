"""The models against the document of the running daemon: neither says anything that the other does not."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import waiaas
from waiaas import ErrorCode, WAIaaSClient, WAIaaSOperatorClient, WAIaaSOwnerClient, models

from .world import World

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import generate_models  # noqa: E402
import generate_sync  # noqa: E402

#: What a client has no method for, and why.
NOT_IN_CLIENTS = {
    "healthCheck": "for monitors, which need no client",
    "getOpenApiSpec": "the document itself",
    "composeOwnerMessage": "owners lay their texts out themselves",
    "listSessions": "listOwnerSessions lists the same",
    "revokeSession": "revokeOwnerSession does the same",
}
METHODS = {
    "sendTransaction": "send_token",
    "dryRunTransaction": "dry_run",
    "listAllAgents": "list_agents",
    "listOwnerSessions": "list_sessions",
    "listOwnerTransactions": "list_transactions",
    "getOwnerTransaction": "get_transaction",
    "revokeOwnerSession": "revoke_session",
    "getOwnerStatus": "get_status",
    "getAdminStatus": "get_daemon_status",
    "adminLogin": "sign_in",
    "adminLogout": "sign_out",
    "adminShutdown": "shut_down",
    "connectOwner": "connect",
    "disconnectOwner": "disconnect",
    "changeOwner": "change",
    "adminKillSwitch": "activate_kill_switch",
    "recoverFromKillSwitch": "recover",
}


def operations(world: World) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for item in world.contract["openapi"]["paths"].values():
        for operation in item.values():
            yield operation["operationId"], operation


def test_the_generated_files_are_those_of_this_daemon(world: World) -> None:
    for name, text in generate_models.generate(world.contract).items():
        present = (ROOT / "src" / "waiaas" / name).read_text("utf-8")
        assert present == text, f"{name} is not of this daemon: run npm run generate:python"


def test_the_clients_that_block_are_those_that_do_not() -> None:
    for name, text in generate_sync.generate().items():
        present = (ROOT / "src" / "waiaas" / "_sync" / name).read_text("utf-8")
        assert present == text, f"_sync/{name} is not made of _async/{name}: run npm run generate:python"


def resolve(world: World, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    name = schema.get("$ref", "").rsplit("/", 1)[-1]
    return world.contract["openapi"]["components"]["schemas"][name] if name else schema


def test_every_named_object_has_a_model_with_the_same_fields(world: World) -> None:
    seen = 0
    for name, schema in world.contract["openapi"]["components"]["schemas"].items():
        model = getattr(models, name)
        if "properties" not in schema:
            continue
        assert issubclass(model, BaseModel)
        wire = {field.serialization_alias or key for key, field in model.model_fields.items()}
        assert wire == set(schema["properties"]), name
        required = {
            field.serialization_alias or key for key, field in model.model_fields.items() if field.is_required()
        }
        assert required == set(schema.get("required", [])), name
        seen += 1
    assert seen > 40


def test_every_operation_is_a_method_of_a_client(world: World) -> None:
    clients = (WAIaaSClient, WAIaaSOperatorClient, WAIaaSOwnerClient)
    for name, _ in operations(world):
        if name in NOT_IN_CLIENTS:
            continue
        method = METHODS.get(name) or re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
        assert any(hasattr(client, method) for client in clients), f"{name} is no method: {method}"


def test_the_exceptions_are_of_this_daemon(world: World) -> None:
    names = {name for name, _ in operations(world)}
    assert names >= set(NOT_IN_CLIENTS) | set(METHODS)


def test_every_documented_code_is_known(world: World) -> None:
    assert {code.value for code in ErrorCode} == set(world.contract["errorCodes"])
    for _, operation in operations(world):
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                for code in response["description"].split(", "):
                    assert ErrorCode(code)


@pytest.mark.parametrize("client", ["Client", "OwnerClient", "OperatorClient"])
def test_both_kinds_of_client_have_the_same_methods(client: str) -> None:
    def public(of: type) -> set[str]:
        return {name for name in dir(of) if not name.startswith("_")}

    assert public(getattr(waiaas, f"WAIaaS{client}")) == public(getattr(waiaas, f"AsyncWAIaaS{client}"))


def test_the_document_is_json_that_the_generator_reads_to_the_end(world: World) -> None:
    text = json.dumps(world.contract)
    assert generate_models.generate(json.loads(text)) == generate_models.generate(world.contract)
