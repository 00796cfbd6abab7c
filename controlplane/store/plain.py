"""Anything that a trace or a CDR may hold → JSON, whatever a peer put into it."""

import json
import math

import orjson


def dump(value: object) -> bytes:
    """JSON of what a trace may hold; never raises for strange text, bytes, numbers or objects."""
    try:
        return orjson.dumps(value, default=_text, option=orjson.OPT_NON_STR_KEYS)
    except (orjson.JSONEncodeError, RecursionError):  # lone surrogates, integers beyond 64 bits
        text = json.dumps(_bounded(value), default=_text, ensure_ascii=False)
        return text.encode("utf-8", "replace")


def _text(value: object) -> str:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode("utf-8", "backslashreplace")
    return str(value)


def _bounded(value: object, depth: int = 16) -> object:
    """`value` with whatever lies deeper than `depth`, or is too large a number, as text."""
    if isinstance(value, dict) and depth:
        return {str(key): _bounded(inner, depth - 1) for key, inner in value.items()}
    if isinstance(value, (list, tuple)) and depth:
        return [_bounded(inner, depth - 1) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None  # JSON has no word for it; orjson, too, writes null
    if isinstance(value, int) and abs(value) < 1 << 63:
        return value
    return value if isinstance(value, (bool, float, type(None))) else _text(value) if depth else "…"
