"""What all models have in common."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    model_serializer,
)

_DECIMAL = re.compile(r"(?:0|[1-9][0-9]{0,77})\Z")


def _money(value: Any) -> Any:
    # A bool is an int to Python, and a float has been rounded already.
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, str) and _DECIMAL.match(value):
        return value
    raise ValueError("an amount is a whole number of base units: an int, or a decimal string; never a float")


#: An amount in base units (lamports, wei): an ``int`` or a decimal string; sent as a decimal string.
Money = Annotated[int | str, BeforeValidator(_money)]

#: A time, aware of its zone.
Timestamp = AwareDatetime


class Request(BaseModel):
    """What is sent. A field that is not known is refused here already, so that a misspelt limit cannot vanish."""

    model_config = ConfigDict(populate_by_name=True, extra="forbid", frozen=True, use_enum_values=True)

    #: Fields that take ``None`` as a value of their own, such as a setting that is taken back. Left out, they are not sent.
    nullable: ClassVar[frozenset[str]] = frozenset()

    @model_serializer(mode="wrap")
    def _with_given_nulls(self, handler: SerializerFunctionWrapHandler, info: SerializationInfo) -> dict[str, Any]:
        plain: dict[str, Any] = handler(self)
        for name in self.nullable & self.model_fields_set:
            if getattr(self, name) is None:
                field = type(self).model_fields[name]
                plain[(info.by_alias and field.serialization_alias) or name] = None
        return plain


class Answer(BaseModel):
    """What is received. Fields of newer daemons are left out."""

    model_config = ConfigDict(populate_by_name=True, extra="ignore", frozen=True)


class LooseAnswer(BaseModel):
    """What is received and may hold anything."""

    model_config = ConfigDict(populate_by_name=True, extra="allow", frozen=True)


__all__ = ["Answer", "LooseAnswer", "Money", "Request", "Timestamp", "datetime"]
