"""The OpenAPI 3.1 document of the public application, and a page to read it (`/openapi.json`, `/docs`).

Bodies are described by the models that decode them. A test holds the table against the routes.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from config.docstring import describe
from controlplane.api.envelope import answer
from controlplane.api.example import JSON, Example
from controlplane.api.gate import Gate
from controlplane.api.shape import schema_of

Json = dict[str, object]

REF: Final = "#/components/schemas/{model}"
_POLICY: Final = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'"
)


@dataclass(frozen=True, slots=True)
class Operation:
    method: str
    path: str
    "With `{name}` for parameters."
    tag: str
    summary: str
    bodies: tuple[type[BaseModel], ...] = ()
    "Any one of them, as JSON or as a form."
    query: tuple[tuple[str, str], ...] = ()
    "Name and what it means."
    replies: tuple[tuple[int, str], ...] = ((200, "Done"),)
    token: bool = False
    "An address alone does not open it."
    user: bool = False
    "A user's own token opens it too."
    open: bool = False
    "Not gated."
    binary: bool = False
    "The body is a file."
    description: str = ""
    "What its user must know beside the fields."


def document(operations: Iterable[Operation], examples: Iterable[Example] = ()) -> Json:
    """Args: examples: of requests; their answers are the schema of what is answered."""
    operations = list(operations)
    of: dict[tuple[str, str], list[Example]] = {}
    for example in examples:
        of.setdefault((example.method, example.path), []).append(example)
    models = list(dict.fromkeys(model for operation in operations for model in operation.bodies))
    _, made = models_json_schema([(model, "validation") for model in models], ref_template=REF)
    schemas = _mapping(made.get("$defs"))
    describe(models, schemas)
    paths: dict[str, dict[str, Json]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(
            operation, of.get((operation.method, operation.path), [])
        )
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tandem", "version": _version(), "summary": "A SIP edge and its control plane."},
        "paths": paths,
        "components": {
            "schemas": {**schemas, "Error": _ERROR},
            "securitySchemes": {
                "node": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Host",
                    "description": "An address of gates.nodes, not forwarded, that names us by address.",
                },
                "token": {"type": "apiKey", "in": "header", "name": "X-Admin-Token"},
                "key": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-API-Key",
                    "description": "Of `POST /keys`, with the scope that is asked for; also as Bearer.",
                },
                "user": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "By `POST /accounts/{account}/users/{user}/token`, or an issuer's.",
                },
            },
        },
    }


class DocsRoutes:
    def __init__(self, operations: Sequence[Operation], examples: Sequence[Example] = ()) -> None:
        self._operations = operations
        self._examples = examples
        self._document: Json | None = None

    def public(self, gate: Gate) -> Sequence[BaseRoute]:
        return [Route("/openapi.json", gate.wrap(self.json)), Route("/docs", gate.wrap(self.page))]

    async def json(self, request: Request) -> Response:
        if self._document is None:  # made once somebody asks, beside the loop: it takes tens of milliseconds
            self._document = await asyncio.to_thread(document, self._operations, self._examples)
        return answer(self._document)

    async def page(self, request: Request) -> Response:
        return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _POLICY})


_ERROR: Final[Json] = {
    "type": "object",
    "required": ["error", "detail"],
    "properties": {
        "error": {"type": "string", "description": "Stable, snake case."},
        "detail": {"type": "string", "description": "For people."},
    },
}


def _described(operation: Operation, examples: Sequence[Example]) -> Json:
    named = [name.partition(":")[0] for name in _parameters(operation.path)]
    parameters: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in named
    ]
    parameters += [
        {"name": name, "in": "query", "description": text, "schema": {"type": "string"}}
        for name, text in operation.query
    ]
    error: Json = {"application/json": {"schema": {"$ref": REF.format(model="Error")}}}
    replies: Json = {
        str(status): {"description": text} | _shown(status, examples) for status, text in operation.replies
    }
    refused = [400, 413, 415] if operation.bodies else [400] if operation.query or named else []
    for status in refused + ([] if operation.open else [401, 403]):
        replies.setdefault(str(status), {"description": "Refused", "content": error})
    made: Json = {
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": parameters,
        "responses": replies,
        "security": []
        if operation.open
        else [{"token": []}, {"key": []}]
        if operation.token
        else [{"node": []}, {"token": []}, {"key": []}, *([{"user": []}] if operation.user else [])],
    }
    if operation.description:
        made["description"] = operation.description
    if operation.binary:
        made["requestBody"] = {"content": {"application/octet-stream": {}}, "required": True}
    if operation.bodies:
        made["requestBody"] = {"content": _content(operation.bodies, examples), "required": True}
    return made


def _shown(status: int, examples: Sequence[Example]) -> Json:
    """Schema and examples of one answer."""
    of = [example for example in examples if example.status == status]
    content: Json = {
        example.media_type: {"schema": {"type": "string"}} for example in of if example.media_type != JSON
    }
    replies = [reply for one in of if one.media_type == JSON for reply in (one.reply, *one.also)]
    if replies:
        named = {f"example {number}": {"value": reply} for number, reply in enumerate(replies, 1)}
        content[JSON] = {"schema": schema_of(*replies), "examples": named}
    return {"content": content} if content else {}


def _content(bodies: tuple[type[BaseModel], ...], examples: Sequence[Example]) -> Json:
    references: list[Json] = [{"$ref": REF.format(model=model.__name__)} for model in bodies]
    schema = references[0] if len(references) == 1 else {"anyOf": references}
    asked = [example.body for example in examples if example.body is not None]
    made: Json = {"schema": schema}
    if asked:
        made["examples"] = {f"example {number}": {"value": body} for number, body in enumerate(asked, 1)}
    return {"application/json": made, "application/x-www-form-urlencoded": {"schema": schema}}


def _parameters(path: str) -> list[str]:
    return [step[1:-1] for step in path.split("/") if step.startswith("{")]


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _version() -> str:
    try:
        return version("tandem")
    except PackageNotFoundError:  # run from a checkout that was not installed
        return "0"


_PAGE: Final = Path(__file__).with_name("docs.html").read_text("utf-8")
