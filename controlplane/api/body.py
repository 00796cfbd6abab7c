"""Request bodies: JSON or a form, both taken everywhere (S004-02), decoded by a pydantic model."""

import urllib.parse
from functools import lru_cache
from types import UnionType
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin

import orjson
from pydantic import AliasChoices, AliasPath, BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request

from config.wording import explain
from controlplane.api.envelope import Failure

Model = TypeVar("Model", bound=BaseModel)

DRAINED: Final = 4
"So many times the longest body are read of one that is too long."
_FORM = "application/x-www-form-urlencoded"


async def read(request: Request, model: type[Model], limit: int) -> Model:
    """The body as `model`.

    Args: limit: longest body taken [bytes].

    Raises:
        Failure: 400, 413 or 415.
    """
    return decode(await read_fields(request, limit), model)


async def read_fields(request: Request, limit: int) -> dict[str, object]:
    """The body's fields as they came; all of a form are text.

    Raises:
        Failure: 400, 413 or 415.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("", "application/json", _FORM):
        raise Failure(415, "unsupported_media_type", f"send application/json or {_FORM}")
    data = await read_bytes(request, limit)
    # `curl -d '{…}'` calls its JSON a form; no field of ours begins so.
    fields: Any = _form(data) if kind == _FORM and not data.lstrip().startswith(b"{") else _json(data)
    if not isinstance(fields, dict):
        raise Failure(400, "bad_body", "the body must be an object")
    return fields


def decode(fields: dict[str, object], model: type[Model]) -> Model:
    """Raises `Failure` (400) with the first field that is wrong.

    A field of lists or objects may come as JSON in text, as a form has it (S004-03). One that is text stays
    text, whatever it begins with: a phone's User-Agent may be `[x]`. Left empty, such a field is left out,
    and so is any that is null.
    """
    if None in fields.values():
        fields = {name: value for name, value in fields.items() if value is not None}
    for name in _structured(model):
        text = fields.get(name)
        if text == "":
            fields = {other: value for other, value in fields.items() if other != name}
        elif isinstance(text, str) and text[:1] in ("{", "["):
            fields = {**fields, name: _json(text.encode())}
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "body"
        what, fix = explain(first, None, model)
        raise Failure(400, "bad_parameter", f"{where}: {what}" + (f"; {fix}" if fix else "")) from None


async def read_bytes(request: Request, limit: int) -> bytes:
    """Raises `Failure` (413) for more than `limit` bytes.

    Of what is too long a part is still read: who is cut off while he sends does not see the answer.
    """
    pieces: list[bytes] = []
    size = 0
    while True:
        # As `Request.stream` does it, without a generator for what nearly always comes in one piece.
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        piece = message.get("body", b"")
        size += len(piece)
        more = message.get("more_body")
        if size <= limit:
            pieces.append(piece)
            if not more:
                return b"".join(pieces)
        elif not more or size > limit * DRAINED:
            raise Failure(413, "body_too_long", f"the body is longer than {limit} bytes")


def _json(data: bytes) -> object:
    try:
        return orjson.loads(data or b"{}")
    except orjson.JSONDecodeError as error:
        raise Failure(400, "bad_json", str(error)) from None


def _form(data: bytes) -> dict[str, object]:
    try:
        pairs = urllib.parse.parse_qsl(data.decode(), keep_blank_values=True, max_num_fields=1_000)
    except (UnicodeDecodeError, ValueError) as error:
        raise Failure(400, "bad_form", str(error)) from None
    return dict(pairs)


@lru_cache(maxsize=1_024)
def _structured(model: type[BaseModel]) -> tuple[str, ...]:
    """Names under which fields come that are more than text, numbers and the like."""
    return tuple(
        name
        for field, info in model.model_fields.items()
        if _is_structured(info.annotation)
        for name in _names(field, info.validation_alias)
    )


def _names(field: str, alias: str | AliasPath | AliasChoices | None) -> list[str]:
    match alias:
        case None:
            return [field]
        case AliasChoices(choices=choices):
            return [field, *(choice for choice in choices if isinstance(choice, str))]
        case _:
            return [field, str(alias)]


def _is_structured(annotation: object) -> bool:
    origin = get_origin(annotation)
    if origin in (Union, UnionType, Annotated):
        return any(map(_is_structured, get_args(annotation)))
    kind = origin or annotation
    return isinstance(kind, type) and issubclass(kind, (list, tuple, dict, BaseModel))
