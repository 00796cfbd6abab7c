"""The strings beneath the fields of models, as descriptions in their JSON Schema.

Python drops them, and pydantic (`use_attribute_docstrings`) reads all of them whenever a class is made,
which takes much of the start of a daemon that needs none.
"""

import ast
import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel


def describe(models: Iterable[type[BaseModel]], schemas: Mapping[str, Any]) -> None:
    """Add to `schemas`, by name of the model, what the models and those of their fields say of a field.

    Args: schemas: made by `validation`; what is described there already stays.
    """
    for model in _with_parts(models):
        properties = schemas.get(model.__name__, {}).get("properties", {})
        for field, text in fields(model).items():
            for name in (field, model.model_fields[field].alias, *_aliases(model, field)):
                if name in properties:
                    properties[name].setdefault("description", text)


def fields(model: type[BaseModel]) -> dict[str, str]:
    """Text by field, those of its bases too."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel) and base is not BaseModel:
            found |= _classes(base.__module__).get(base.__name__, {})
    return {field: text for field, text in found.items() if field in model.model_fields}


def _with_parts(models: Iterable[type[BaseModel]]) -> Iterator[type[BaseModel]]:
    waiting, seen = list(models), set[type[BaseModel]]()
    while waiting:
        model = waiting.pop()
        if model in seen:
            continue
        seen.add(model)
        yield model
        waiting += [kind for field in model.model_fields.values() for kind in _models_in(field.annotation)]


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


def _aliases(model: type[BaseModel], field: str) -> list[str]:
    alias = model.model_fields[field].validation_alias
    choices = getattr(alias, "choices", [alias])
    return [choice for choice in choices if isinstance(choice, str)]


@cache
def _classes(module: str) -> dict[str, dict[str, str]]:
    """Of each class of the module, text by field."""
    body = ast.parse(inspect.getsource(sys.modules[module])).body
    return {node.name: dict(_texts(node)) for node in body if isinstance(node, ast.ClassDef)}


def _texts(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, text in zip(node.body, node.body[1:], strict=False):
        match field, text:
            case ast.AnnAssign(target=ast.Name(name)), ast.Expr(ast.Constant(str(said))):
                yield name, " ".join(said.split())
