"""Secrets of sections: what `repr` hides is shown to nobody (passwords, keys, headers), nor those of URLs.

A document is what JSON or YAML had, before it became a section.
"""

import re
from typing import Any, Final, get_args

from config.section import Section

Document = dict[str, Any]
MASK: Final = "***"
_IN_URL: Final = re.compile(r"(?<=://)([^/?#@:]*):[^/?#@]*(?=@)|([?&][^=&#]*=)[^&#]+")
"A password before the host, and values of the query."


def without_secrets(model: type[Section], document: Document) -> Document:
    shown = dict(document)
    for name, hidden, inner in _fields(model):
        if name not in shown:
            continue
        if hidden:
            del shown[name]
        elif inner is not None:
            shown[name] = _each(inner, shown[name])
        else:
            shown[name] = _masked(shown[name])
    return shown


def with_secrets(model: type[Section], document: Document, before: Document) -> Document:
    """`document`, with those secrets of `before` that it leaves out; one that is null is taken away.

    A URL that is as it was shown is the one of before.
    """
    kept = dict(document)
    for name, hidden, inner in _fields(model):
        if hidden:
            value = kept.pop(name, None) if name in kept else before.get(name)
            if value is not None:
                kept[name] = value
        elif inner is not None and isinstance(kept.get(name), dict):
            was = before.get(name)
            kept[name] = with_secrets(inner, kept[name], was if isinstance(was, dict) else {})
        elif name in kept and name in before and kept[name] == _masked(before[name]):
            kept[name] = before[name]
    return kept


def _masked(value: Any) -> Any:
    if not isinstance(value, str) or "://" not in value:
        return value
    return _IN_URL.sub(lambda found: f"{found[1]}:{MASK}" if found[2] is None else f"{found[2]}{MASK}", value)


def _fields(model: type[Section]) -> list[tuple[str, bool, type[Section] | None]]:
    """Of each: its name in documents, whether it is a secret, the section that it holds."""
    return [
        (field.alias or name, not field.repr, _section(field.annotation))
        for name, field in model.model_fields.items()
    ]


def _section(annotation: object) -> type[Section] | None:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next((found for part in get_args(annotation) if (found := _section(part))), None)


def _each(model: type[Section], value: Any) -> Any:
    if isinstance(value, dict):
        return without_secrets(model, value)
    return [_each(model, one) for one in value] if isinstance(value, (list, tuple)) else value
