"""Control of the call as tools that a model can call, for dialects that have tool calls and no words of
their own.

`call_tools: true` in the agent's configuration offers those that its `allow` permits, and answers them
itself.
"""

from typing import Any, Final

import orjson

from media.agent.contract import Action, Ask, Digits, HangUp, ToolCall, Verb
from media.agent.nesting import parse

_TEXT: Final = {"type": "string", "maxLength": 256}
_LONG: Final = {"type": "string", "maxLength": 4096}

_TRANSFER: Final = {
    "target": _TEXT
    | {"description": "user:1002, queue:support, agent:sales, or a telephone number such as +12025550123"},
    "context": _LONG | {"description": "what the next agent should know of this call"},
    "briefing": _LONG | {"description": "said to the person who answers, before the caller is joined"},
}

# Name → the permission it needs, what the model reads, its properties, and which of them it must give.
_TOOLS: Final[dict[str, tuple[str, str, dict[str, Any], list[str]]]] = {
    "transfer_call": (
        "transfer",
        "Hand the caller over to a person, a queue or another agent.",
        _TRANSFER,
        ["target"],
    ),
    "hang_up": ("hangup", "Say good-bye first; then end the call.", {"reason": _TEXT}, []),
    "send_digits": (
        "dtmf",
        "Press keys on the caller's line.",
        {"digits": {"type": "string", "pattern": "^[0-9*#A-D]{1,64}$"}},
        ["digits"],
    ),
    "hold_call": ("hold", "Put the caller on hold with music.", {}, []),
    "resume_call": ("hold", "Take the caller off hold.", {}, []),
    "play_prompt": ("play", "Play a recorded prompt to the caller.", {"prompt": _TEXT}, ["prompt"]),
    "start_recording": ("record", "Begin to record the call.", {}, []),
    "stop_recording": ("record", "Stop recording the call.", {}, []),
    "set_variables": (
        "set",
        "Remember facts for the rest of the call.",
        {"variables": {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}},
        ["variables"],
    ),
}
_VERBS: Final = {
    "hold_call": Verb.HOLD,
    "resume_call": Verb.RESUME,
    "start_recording": Verb.RECORD,
    "stop_recording": Verb.STOP_RECORD,
}


def definitions(allow: tuple[str, ...]) -> list[dict[str, Any]]:
    """Name, description and parameters (JSON Schema) of the tools that `allow` permits."""
    return [
        {
            "name": name,
            "description": description,
            "parameters": {"type": "object", "properties": properties, "required": required},
        }
        for name, (permission, description, properties, required) in _TOOLS.items()
        if permission in allow
    ]


def action_of(call: ToolCall) -> Action | str | None:
    """What a tool call asks of the call, or why it cannot be read; None: it is no tool of ours."""
    if call.name not in _TOOLS:
        return None
    try:
        given = parse(call.arguments or "{}")
    except ValueError:
        return "the arguments are not JSON, or nested too deeply"
    if not isinstance(given, dict):
        return "the arguments are not an object"
    for name in _TOOLS[call.name][3]:
        kind = dict if name == "variables" else str
        if not given.get(name) or not isinstance(given[name], kind):
            return f"{name} is missing, or of another type"
    match call.name:
        case "hang_up":
            return HangUp(_word(given, "reason") or "agent_hangup")
        case "send_digits":
            digits = _word(given, "digits")
            good = len(digits) <= 64 and set(digits) <= set("0123456789*#ABCD")
            return Digits(digits) if good else "digits are 1–64 of 0–9 * # A–D"
        case "transfer_call":
            details = tuple(
                (name, _word(given, name)) for name in ("context", "briefing") if _word(given, name)
            )
            return Ask(Verb.TRANSFER, _word(given, "target")[:256], call.call, details, tool=True)
        case "play_prompt":
            return Ask(Verb.PLAY, _word(given, "prompt")[:256], call.call, tool=True)
        case "set_variables":
            return Ask(Verb.SET, orjson.dumps(given["variables"]).decode(), call.call, tool=True)
        case _:
            return Ask(_VERBS[call.name], "", call.call, tool=True)


def _word(given: dict[str, Any], name: str) -> str:
    value = given.get(name)
    return value[:4096] if isinstance(value, str) else ""
