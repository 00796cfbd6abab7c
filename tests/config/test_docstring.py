"""Docstrings of fields, in JSON Schema."""

from typing import Any, ClassVar

import pytest
from pydantic import AliasChoices, BaseModel, Field
from pydantic.json_schema import models_json_schema

from config.docstring import describe, fields


class Part(BaseModel):
    KIND: ClassVar = "part"
    "No field."
    size: int
    "In metres."


class Base(BaseModel):
    inherited: str = ""
    """Of two
    lines."""


class Whole(Base):
    parts: list[Part] | None = None
    account_id: str = Field(validation_alias=AliasChoices("accountId", "account_id"))
    "Whose it is."
    told: int = Field(0, description="By the field itself.")
    "By the docstring."
    silent: int = 0


@pytest.fixture
def schemas() -> dict[str, Any]:
    _, made = models_json_schema([(Whole, "validation")])
    describe([Whole], made["$defs"])
    return dict(made["$defs"])


def test_a_field_is_described_by_the_string_beneath_it(schemas: dict[str, Any]) -> None:
    whole = schemas["Whole"]["properties"]
    assert whole["inherited"]["description"] == "Of two lines."
    assert whole["accountId"]["description"] == "Whose it is.", "by the name that is sent"
    assert schemas["Part"]["properties"]["size"]["description"] == "In metres.", "models in models, too"


def test_what_says_nothing_or_is_described_already_stays_as_it_is(schemas: dict[str, Any]) -> None:
    whole = schemas["Whole"]["properties"]
    assert "description" not in whole["silent"]
    assert whole["told"]["description"] == "By the field itself."
    assert fields(Part) == {"size": "In metres."}
