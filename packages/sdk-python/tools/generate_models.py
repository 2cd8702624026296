"""Writes the models of the API from its OpenAPI document, so that nothing of it is written by hand twice.

    python tools/generate_models.py contract.json

The contract is what the daemon says of itself: ``{"openapi": <its document>, "errorCodes": [<its catalogue>]}``.
"""

from __future__ import annotations

import json
import keyword
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Schema = Mapping[str, Any]

SOURCE = Path(__file__).parents[1] / "src" / "waiaas"
HEAD = '"""Made by tools/generate_models.py from the OpenAPI document of the daemon. Do not edit."""\n'
#: Objects that have no name of their own in the document, by the field in which they stand first.
NAMES = {"constraints": "SessionConstraints", "usageStats": "SessionUsage"}
#: Sets of words that are worth a name, by the field in which they stand first.
ENUMS = {
    ("AgentCreate", "chain"): "Chain",
    ("AgentCreate", "network"): "Network",
    ("OwnerConnect", "chain"): "OwnerChain",
    ("TransactionResponse", "status"): "TransactionStatus",
    ("TransactionResponse", "tier"): "Tier",
    ("TransactionResponse", "type"): "TransactionType",
    ("TransferRequest", "priority"): "FeePriority",
    ("AgentSummary", "status"): "AgentStatus",
    ("PolicySummary", "type"): "PolicyType",
    ("HealthResponse", "killSwitch"): "KillSwitchStatus",
}
#: Policies are known by what they are, not by the request in which they stand first.
RENAMED = (
    (re.compile(r"CreatePolicyRequest(SpendingLimit|Whitelist|TimeRestriction|RateLimit)(.*)"), r"\1Policy\2"),
    (re.compile(r"PolicyEvaluationRequestPoliciesItem(.*?)(Rules.*)?"), r"Proposed\1Policy\2"),
)
MONEY = {"^(0|[1-9][0-9]{0,77})$", "^[1-9][0-9]{0,77}$"}
UNBOUNDED = 9007199254740991


def snake(name: str) -> str:
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    return f"{text}_" if keyword.iskeyword(text) else text


def pascal(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", name) if part)


def renamed(name: str) -> str:
    for pattern, replacement in RENAMED:
        if pattern.fullmatch(name):
            return pattern.sub(replacement, name)
    return name


def accepts_null(schema: Schema) -> bool:
    kind = schema.get("type")
    parts = schema.get("anyOf", schema.get("oneOf", []))
    return kind == "null" or (isinstance(kind, list) and "null" in kind) or any(accepts_null(part) for part in parts)


def without_defaults(schema: Any) -> Any:
    """A schema as it tells two objects apart: a default of a field is the daemon's business."""
    if isinstance(schema, Mapping):
        return {key: without_defaults(value) for key, value in schema.items() if key != "default"}
    return [without_defaults(item) for item in schema] if isinstance(schema, list) else schema


def key_of(schema: Schema) -> str:
    return json.dumps(without_defaults(schema), sort_keys=True)


class Models:
    """Collects the classes in the order in which Python has to read them."""

    def __init__(self, schemas: Mapping[str, Schema], requests: frozenset[str]) -> None:
        self.schemas = schemas
        self.requests = requests
        self.enums = {
            tuple(schemas[owner]["properties"][field]["enum"]): name for (owner, field), name in ENUMS.items()
        }
        self.names: dict[tuple[str, bool], str] = {}
        self.lines: list[str] = []
        self.written: set[str] = set()
        self.under_way: set[str] = set()

    def write_named(self, name: str) -> None:
        if name in self.written:
            return
        if name in self.under_way:
            raise ValueError(f"{name} holds itself")
        self.under_way.add(name)
        schema = self.schemas[name]
        request = name in self.requests
        if "properties" in schema:
            self.write_class(name, schema, request)
        else:
            self.lines.append(f"{name} = {self.type_of(schema, name, request)}\n")
        self.written.add(name)

    def write_class(self, name: str, schema: Schema, request: bool) -> None:
        required = set(schema.get("required", []))
        fields = []
        for field, inner in schema["properties"].items():
            type_ = self.type_of(inner, name + pascal(field), request, field)
            fields.append(self.field_line(field, inner, type_, field in required, request))
        nullable = sorted(snake(field) for field, inner in schema["properties"].items() if accepts_null(inner))
        if request and nullable:
            names = ", ".join(f'"{field}"' for field in nullable)
            fields.append(f"nullable: ClassVar[frozenset[str]] = frozenset({{{names}}})")
        loose = schema.get("additionalProperties", True) is not False
        base = "Request" if request else "LooseAnswer" if loose else "Answer"
        body = "".join(f"    {line}\n" for line in fields) or "    pass\n"
        self.lines.append(f"class {name}({base}):\n{body}")

    def field_line(self, field: str, schema: Schema, type_: str, required: bool, request: bool) -> str:
        arguments = []
        if snake(field) != field:
            arguments.append(f'validation_alias="{field}", serialization_alias="{field}"')
        if request:
            arguments += self.bounds(schema)
        if not required:
            type_ = type_ if type_.endswith(" | None") else f"{type_} | None"
            arguments.insert(0, "default=None")
        default = f" = Field({', '.join(arguments)})" if arguments else ""
        return f"{snake(field)}: {type_}{default}"

    @staticmethod
    def bounds(schema: Schema) -> list[str]:
        found: list[str] = []
        if "anyOf" in schema:
            parts = [part for part in schema["anyOf"] if part.get("type") != "null"]
            return Models.bounds(parts[0]) if len(parts) == 1 else found
        if schema.get("type") == "integer":
            for word, name in (("minimum", "ge"), ("maximum", "le"), ("exclusiveMinimum", "gt")):
                if word in schema and abs(schema[word]) != UNBOUNDED:
                    found.append(f"{name}={schema[word]}")
        if schema.get("type") == "string" and "enum" not in schema and "const" not in schema:
            found += [f"{name}={schema[word]}" for word, name in (("minLength", "min_length"), ("maxLength", "max_length")) if word in schema]
        if schema.get("type") == "array" and "maxItems" in schema:
            found.append(f"max_length={schema['maxItems']}")
        return found

    def type_of(self, schema: Schema, name: str, request: bool, field: str = "") -> str:
        if "$ref" in schema:
            target = str(schema["$ref"].rsplit("/", 1)[1])
            self.write_named(target)
            return target
        if "anyOf" in schema or "oneOf" in schema:
            return self.union_of(schema, name, request, field)
        kind = schema.get("type")
        if isinstance(kind, list):
            parts = [{**schema, "type": one} for one in kind]
            return self.union_of({"anyOf": parts}, name, request, field)
        if "const" in schema:
            return f"Literal[{schema['const']!r}]"
        if "enum" in schema:
            return self.words_of(schema, request)
        if kind == "string":
            if schema.get("format") == "date-time":
                return "Timestamp" if not request else "datetime"
            return "Money" if request and schema.get("pattern") in MONEY else "str"
        if kind == "integer":
            return "int"
        if kind == "number":
            return "float"
        if kind == "boolean":
            return "bool"
        if kind == "null":
            return "None"
        if kind == "array":
            return f"list[{self.type_of(schema['items'], name + 'Item', request, field)}]"
        if kind == "object":
            return self.object_of(schema, name, request, field)
        if schema == {}:
            return "Any"
        raise ValueError(f"{name} is of a kind that is not known: {json.dumps(schema)[:200]}")

    def words_of(self, schema: Schema, request: bool) -> str:
        values = tuple(schema["enum"])
        name = self.enums.get(values)
        word = name or f"Literal[{', '.join(repr(value) for value in values)}]"
        if request:
            return word
        # A newer daemon may have words that are not known here; an answer with one must not be lost.
        return f"{word} | str" if name is None else f"Any{name}"

    def union_of(self, schema: Schema, name: str, request: bool, field: str) -> str:
        parts = [part for part in schema.get("anyOf", schema.get("oneOf", [])) if part.get("type") != "null"]
        nullable = len(parts) < len(schema.get("anyOf", schema.get("oneOf", [])))
        tagged = all("properties" in part for part in parts) and len(parts) > 1
        tags = [self.tag_of(part) if tagged else None for part in parts]
        types = [
            self.type_of(part, name if len(parts) == 1 else name + pascal((tag or (f"{index}",))[-1].lower()), request, field)
            for index, (part, tag) in enumerate(zip(parts, tags, strict=True))
        ]
        unique = list(dict.fromkeys(types))
        union = " | ".join(unique)
        if tagged and len({tag[0] for tag in tags if tag}) == 1 and all(tags):
            union = f'Annotated[{union}, Field(discriminator="{snake(next(tag[0] for tag in tags if tag))}")]'
        return f"{union} | None" if nullable else union

    @staticmethod
    def tag_of(schema: Schema) -> tuple[str, str] | None:
        for field, inner in schema.get("properties", {}).items():
            if "const" in inner:
                return field, str(inner["const"])
        return None

    def object_of(self, schema: Schema, name: str, request: bool, field: str) -> str:
        if not schema.get("properties"):
            extra = schema.get("additionalProperties", {})
            value = "Any" if extra in ({}, True) else self.type_of(extra, name + "Value", request)
            return f"dict[str, {value}]"
        key = (key_of(schema), request)
        if key not in self.names:
            chosen = NAMES.get(field, renamed(name))
            # What is asked for and what is answered differ in what they let pass.
            if any(known == chosen for known in self.names.values()):
                chosen = f"{chosen}{'Request' if request else 'Answer'}"
            self.names[key] = chosen
            self.write_class(chosen, schema, request)
        return self.names[key]


def references(value: Any) -> set[str]:
    if isinstance(value, Mapping):
        own = {value["$ref"].rsplit("/", 1)[1]} if "$ref" in value else set()
        return own.union(*(references(item) for item in value.values()))
    return set().union(*(references(item) for item in value)) if isinstance(value, list) else set()


def generate(contract: Mapping[str, Any]) -> dict[str, str]:
    """The generated files by name."""
    document = contract["openapi"]
    schemas = document["components"]["schemas"]
    requests = frozenset(
        name
        for item in document["paths"].values()
        for operation in item.values()
        for name in references(operation.get("requestBody", {}))
    )
    models = Models(schemas, requests)
    for name in schemas:
        models.write_named(name)
    enums = [
        f"class {name}(str, Enum):\n" + "".join(f'    {re.sub("[^A-Z0-9]", "_", value.upper())} = "{value}"\n' for value in values)
        + f'\n\nAny{name} = Annotated[{name} | str, Field(union_mode="left_to_right")]\n'
        for values, name in models.enums.items()
    ]
    head = HEAD + (
        "\nfrom __future__ import annotations\n\n"
        "from datetime import datetime\nfrom enum import Enum\nfrom typing import Annotated, Any, ClassVar, Literal\n\n"
        "from pydantic import Field\n\n"
        "from ._base import Answer, LooseAnswer, Money, Request, Timestamp\n"
    )
    codes = [f'    {code} = "{code}"\n' for code in contract["errorCodes"]]
    errors = (
        HEAD
        + "\nfrom enum import Enum\n\n\nclass ErrorCode(str, Enum):\n"
        + '    """Every code a daemon can answer with."""\n\n'
        + "".join(codes)
    )
    return {
        "models.py": head + "\n\n" + "\n\n".join(enums + models.lines),
        "_error_codes.py": errors,
    }


def main() -> None:
    contract = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    for name, text in generate(contract).items():
        (SOURCE / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
