"""What pydantic found, in the words of who writes a file: what is wrong, and what to write instead."""

import types
import typing
from collections.abc import Collection, Mapping
from typing import Any, Final, cast

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from config.account import Target
from config.error import did_you_mean

_AT_LEAST: Final = frozenset({"greater_than_equal", "greater_than"})
_AT_MOST: Final = frozenset({"less_than_equal", "less_than"})


_SECRET_KEYS: Final = frozenset(
    {"password", "admin_token", "headers", "api_key", "auth_token", "token", "session", "store", "shared"}
    | {"access_key", "secret_key", "session_token"}
)


def explain(detail: ErrorDetails, raw: str | None, root: type[BaseModel]) -> tuple[str, str]:
    """What is wrong and what to change; never a value that may be secret.

    Args:
        detail: one of `ValidationError.errors()` of `root`.
        raw: what stands there, None: nothing that can be shown.
    """
    loc = detail["loc"]
    shown = raw if raw is not None and not any(step in _SECRET_KEYS for step in loc) else None
    keys = _keys_at(root, loc[:-1]) if detail["type"] == "extra_forbidden" else ()
    return words(detail, shown, keys)


def words(detail: Mapping[str, Any], raw: str | None, keys: Collection[str]) -> tuple[str, str]:
    """
    Args:
        detail: one of `ValidationError.errors()`.
        raw: what stands there, where it may be shown; None for what may be a secret.
        keys: that are known where an unknown one stands.
    """
    loc = cast(tuple[object, ...], detail["loc"])
    key = str(loc[-1]) if loc else ""
    context = cast(Mapping[str, Any], detail.get("ctx", {}))
    found = "" if raw is None else f": {raw}"
    match detail["type"]:
        case "refused":
            return str(context["what"]), str(context["fix"])
        case "extra_forbidden":
            known = f"the keys here are {', '.join(keys)}" if keys else "there are no keys here"
            return "unknown key", did_you_mean(key, keys, known)
        case "missing":
            return "missing", f"add {key}: …"
        case "path_type":
            return f"not a path{found}", "write the path of a file or folder"
        case "string_type" if isinstance(detail.get("input"), (list, dict)):
            return "must be one text", "write no list and no mapping here"
        case "string_type":
            return "must be text", "put it in quotes" + ("" if raw is None else f': "{raw}"')
        case "enum" | "literal_error":
            expected = str(context["expected"])
            choices = [word.strip(" '") for word in expected.replace(" or ", ", ").split(",")]
            return f"not one of the choices{found}", did_you_mean(raw or "", choices, f"use {expected}")
        case "bool_parsing" | "bool_type":
            return f"neither true nor false{found}", "write true or false"
        case "int_parsing" | "int_type" | "int_from_float":
            return f"not a whole number{found}", "write one such as 3"
        case "float_parsing" | "float_type":
            return f"not a number{found}", "write one such as 3 or 0.5"
        case "model_type" | "model_attributes_type" | "dict_type":
            return "must be a mapping of keys", "write key: value pairs below it"
        case "tuple_type" | "list_type":
            return "must be a list", "write [ … ] or lines that begin with -"
        case "too_short":
            return "too few entries", f"give at least {context['min_length']}"
        case "too_long":
            return "too many entries", f"give at most {context['max_length']}"
        case "string_too_short":
            return "too short a text", f"write at least {context['min_length']} characters"
        case "string_too_long":
            return "too long a text", f"write at most {context['max_length']} characters"
        case "string_pattern_mismatch":
            return f"not of the form that is needed{found}", f"it must match {context['pattern']}"
        case kind if kind in _AT_LEAST:
            return f"too small{found}", f"write at least {next(iter(context.values())):g}"
        case kind if kind in _AT_MOST:
            return f"too large{found}", f"write at most {next(iter(context.values())):g}"
        case _:
            return str(detail["msg"]).removeprefix("Input ") + ("" if raw is None else f", found {raw}"), ""


def _keys_at(root: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """Keys that `root` knows at `loc`."""
    at: Any = root
    for step in loc:
        if isinstance(at, type) and issubclass(at, BaseModel):
            field = next((f for n, f in at.model_fields.items() if step in (n, f.alias)), None)
            at = None if field is None else field.annotation
        else:
            at = typing.get_args(at)[-1 if typing.get_origin(at) is dict else 0]
        at = _without_none(at)
    if not (isinstance(at, type) and issubclass(at, BaseModel)) or at is Target:
        return []
    return [field.alias or name for name, field in at.model_fields.items()]


def _without_none(annotation: Any) -> Any:
    if isinstance(annotation, types.UnionType):
        return next(part for part in typing.get_args(annotation) if part is not type(None))
    return annotation
