"""JSON from agents and their tools: nested no deeper than we can write it again.

orjson reads 1,024 levels and writes 254 of them, so what it can read may still fail where it is handed on.
No message of any protocol here has more than a dozen.
"""

import re
from typing import Any, Final

import numpy as np
import orjson

from media.agent.contract import Buffer

DEPTH: Final = 64
"Objects and lists within each other."

_STRINGS: Final = re.compile(rb'(?:"[^"\\]*+(?:\\.[^"\\]*+)*"?[^"\[\]{}]*+)+', re.DOTALL)
_STEP: Final = np.zeros(256, np.int8)
_STEP[list(b"[{")] = 1
_STEP[list(b"]}")] = -1


def parse(text: Buffer | str) -> Any:
    """
    Raises:
        ValueError: it is no JSON, or nested too deeply.
    """
    value = orjson.loads(text)
    if is_too_deep(text.encode() if isinstance(text, str) else bytes(text)):
        raise ValueError(f"more than {DEPTH} objects and lists are within each other")
    return value


def is_too_deep(text: bytes) -> bool:
    """JSON, by its brackets outside of strings: no recursion, and next to nothing where there is audio."""
    if text.count(b"[") + text.count(b"{") <= DEPTH:
        return False
    brackets = np.frombuffer(_STRINGS.sub(b"", text), np.uint8)
    return bool(np.cumsum(_STEP[brackets], dtype=np.int32).max(initial=0) > DEPTH)
