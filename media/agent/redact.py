"""Text messages of agents as the trace shows them: audio left out, secrets masked, cut to length."""

import re
from typing import Final

SHOWN: Final = 400
"Characters of a message in the trace."
_READ: Final = 4_096
"Characters that are looked at: what follows is not shown."

_SECRET: Final = re.compile(
    r'("[^"\\]{0,48}(?:key|token|secret|password|authorization|credential|handle)[^"\\]{0,48}"\s*:\s*)'
    r'"(?:[^"\\]|\\.)*(?:"|$)',
    re.IGNORECASE,
)
_UNLESS_SPOKEN: Final = re.compile(rf'(?!"token"){_SECRET.pattern}', re.IGNORECASE)
"In ConversationRelay's `text`, a `token` is a piece of what the caller hears."
_HEADERS: Final = re.compile(r'("[^"\\]{0,32}headers"\s*:\s*)[\[{][^\]}]*', re.IGNORECASE)
_BEARER: Final = re.compile(r"(?i:\b(?:bearer|token|basic)\s+)[\w.~+/=-]{8,}|\b(?:sk|pk|xi|ek)[-_][\w-]{8,}")
_AUDIO: Final = re.compile(r'"[A-Za-z0-9+/]{160,}={0,2}(?:"|$)')
_KIND: Final = re.compile(r'"(?:type|event|command)"\s*:\s*"([^"\\]{1,64})"')
_FIRST_KEY: Final = re.compile(r'\s*\{\s*"([^"\\]{1,64})"')
_WORD: Final = re.compile(r"[A-Za-z_:.]{1,64}")


def shown(message: str) -> str:
    """What may be read by whoever may read a call's trace."""
    text = message[:_READ]
    secret = _UNLESS_SPOKEN if kind(message) == "text" else _SECRET
    text = secret.sub(r'\1"***"', text)
    text = _HEADERS.sub(r'\1"***"', text)
    text = _BEARER.sub("***", text)
    text = _AUDIO.sub('"…"', text)
    return text if len(text) <= SHOWN and len(message) <= _READ else text[:SHOWN] + "…"


def kind(message: str) -> str:
    """The protocol's own name for a message: its type or event, else its first key or word."""
    text = message[:_READ]
    found = _KIND.search(text) or _FIRST_KEY.match(text) or _WORD.match(text)
    return "message" if found is None else found[found.lastindex or 0]
