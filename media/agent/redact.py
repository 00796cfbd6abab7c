"""Text messages of agents as the trace shows them: audio left out, secrets masked, cut to length.

A message is not parsed: it may be cut, or no JSON. A secret is known by the name of its field, however that
is escaped, in the message or in JSON that is text within it, and masked with all that is below it.
"""

import re
from typing import Final

SHOWN: Final = 400
"Characters of a message in the trace."
_READ: Final = 4_096
"Characters that are looked at: what follows is not shown."

_FIELD: Final = re.compile(r'(\\{0,15})"([^"]+?)\1"\s*+:\s*+(?=["\\\[{\d-])')
"""How its quotes are escaped, its name, and the begin of a value; true, false and null are no secrets."""
_SECRET: Final = re.compile(
    "key|token|secret|password|authorization|credential|handle|headers$", re.IGNORECASE
)
_COUNT: Final = re.compile(r"tokens$|tokens?_?(?:count|limit)$", re.IGNORECASE)
_COUNTS: Final = re.compile(r"tokens?_?details$", re.IGNORECASE)
"Numbers, and objects of numbers: what a model has read and written."
_ESCAPED: Final = re.compile(r"\\+u([0-9a-fA-F]{4})")
_BEARER: Final = re.compile(r"(?i:\b(?:bearer|token|basic)\s+)[\w.~+/=-]{8,}|\b(?:sk|pk|xi|ek)[-_][\w-]{8,}")
_AUDIO: Final = re.compile(r'"[A-Za-z0-9+/]{160,}={0,2}(?:"|$)')
_KIND: Final = re.compile(r'"(?:type|event|command)"\s*:\s*"([^"\\]{1,64})"')
_FIRST_KEY: Final = re.compile(r'\s*\{\s*"([^"\\]{1,64})"')
_WORD: Final = re.compile(r"[A-Za-z_:.]{1,64}")


def shown(message: str) -> str:
    """What may be read by whoever may read a call's trace."""
    # In ConversationRelay's `text`, a `token` is a piece of what the caller hears.
    return _shown(message, spoken="token" if kind(message) == "text" else "")


def variables_shown(text: str) -> str:
    """The same of an object of variables, whose names are the agent's own."""
    return _shown(text, spoken="")


def _shown(message: str, spoken: str) -> str:
    text = masked(_without_secrets(message[:_READ], spoken))
    text = _AUDIO.sub('"…"', text)
    return text if len(text) <= SHOWN and len(message) <= _READ else text[:SHOWN] + "…"


def masked(text: str) -> str:
    """Without what looks like a key, whatever is around it."""
    return _BEARER.sub("***", text)


def kind(message: str) -> str:
    """The protocol's own name for a message: its type or event, else its first key or word."""
    text = message[:_READ]
    found = _KIND.search(text) or _FIRST_KEY.match(text) or _WORD.match(text)
    return "message" if found is None else found[found.lastindex or 0]


def _without_secrets(text: str, spoken: str) -> str:
    parts: list[str] = []
    at = 0
    for field in _FIELD.finditer(text):
        escape, begin = field[1], field.end()
        name = _ESCAPED.sub(lambda code: chr(int(code[1], 16)), field[2])
        if field.start() < at or name == spoken or not _SECRET.search(name):
            continue
        if _COUNTS.search(name) or (_COUNT.search(name) and text[begin].isdecimal()):
            continue
        parts += (text[at:begin], f'{escape}"***{escape}"')
        at = _end_of_value(text, begin, f'{escape}"')
    return "".join(parts) + text[at:]


def _end_of_value(text: str, at: int, quote: str) -> int:
    """Where the value ends that begins at `at`: text, a number, or all of a list or an object."""
    depth = 0
    while at < len(text):
        if text.startswith(quote, at):
            at = _end_of_text(text, at + len(quote), quote)
        elif text[at] in "[{":
            depth += 1
            at += 1
        elif depth and text[at] in "]}":
            depth -= 1
            at += 1
        else:
            at += 1
            if depth or (at < len(text) and text[at] not in ',]}\\" \t\r\n'):
                continue
        if not depth:
            break
    return at


def _end_of_text(text: str, at: int, quote: str) -> int:
    """Behind the quote that ends it: one that is escaped more often is within it."""
    period = 2 * len(quote)
    while (end := text.find('"', at)) >= 0:
        escapes = end - at - len(text[at:end].rstrip("\\"))
        if escapes % period == len(quote) - 1:
            return end + 1
        at = end + 1
    return len(text)
