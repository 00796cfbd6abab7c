"""A custom tool of an account (# S002-55)."""

from typing import Any

import pytest
from pydantic import ValidationError

from config.tool import Tool


def tool(**fields: Any) -> Tool:
    return Tool.model_validate({"description": "Tells the weather.", "url": "https://h/w", **fields})


def test_a_tool_has_a_deadline_and_hides_its_headers() -> None:
    made = tool(headers={"Authorization": "Bearer secret"})
    assert made.timeout == 10.0 and "secret" not in repr(made)


@pytest.mark.parametrize("url", ["ftp://h", "https://", "h"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="not a web address"):
        tool(url=url)


@pytest.mark.parametrize("schema", [{"type": "strin"}, {"type": "array"}])
def test_what_is_no_schema_of_an_object_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        tool(parameters=schema)
