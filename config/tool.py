"""A custom tool of an account: a service that its AI agents may ask over HTTP (seed 002, S002-55…59)."""

import re
from typing import Annotated, Any, ClassVar, Final

from jsonschema import Draft202012Validator, SchemaError
from pydantic import AfterValidator, Field, JsonValue

from config.section import Duration, Section, headers_of, refusal

_URL: Final = re.compile(r"(?i:https?)://[^\s/?#]+[^\s]*")


def _http_url(value: str) -> str:
    if _URL.fullmatch(value) is None:
        raise refusal("not a web address", "write https://…")
    return value


def _schema(value: dict[str, Any]) -> dict[str, Any]:
    try:
        Draft202012Validator.check_schema(value)
    except SchemaError as error:
        raise refusal(f"not a JSON Schema: {error.message}", "see json-schema.org, draft 2020-12") from None
    if value.get("type", "object") != "object":
        raise refusal("the arguments of a tool are an object", "write type: object and properties")
    return value


class Tool(Section):
    """POST `{arguments, callSessionId, tool}` to `url`; what it answers is data for the model."""

    trusted: ClassVar[bool] = True
    "May be reached at private addresses."

    description: str = Field(min_length=1, max_length=4_096)
    "What the model reads to decide when to use it."
    url: Annotated[str, AfterValidator(_http_url)]
    parameters: Annotated[dict[str, JsonValue], AfterValidator(_schema)] = Field(default={"type": "object"})
    "JSON Schema of the arguments, which are checked against it before the POST."
    headers: Annotated[dict[str, str], AfterValidator(headers_of)] = Field(default={}, repr=False)
    timeout: Duration = Field(default=10.0, gt=0, le=60)
