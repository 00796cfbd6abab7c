"""A key press in the body of an INFO: application/dtmf-relay and application/dtmf.

Neither was ever standardised; phones and gateways write `Signal=5`, `Signal= *`, `Signal=11` for #,
with a `Duration` in milliseconds, or just the key. A flash of the hook is 16, `hf`, `flash` or `!`.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from edge.call.leg import Leg, Port
from edge.sip.capability import KEY, KEY_RELAY
from edge.sip.session_event import Info
from media.port import HearDigit, LegId

if TYPE_CHECKING:
    from edge.call.call import Call

KEYS: Final = "0123456789*#ABCD"
FLASH: Final = "!"
_NUMBERED: Final = {str(number): key for number, key in enumerate(KEYS + FLASH)} | {
    "HF": FLASH,
    "FLASH": FLASH,
}
_LONGEST: Final = 128  # bytes that are looked at
_DEFAULT_MS: Final = 100
_MOST_MS: Final = 5_000


def hear(call: "Call", leg: Leg, info: Info, now: float) -> None:
    """An INFO of either side: a key press, or something for the trace alone."""
    side = call.treatment.side(call, leg)
    body = b"***" if call.trace.secret else info.body
    call.trace.add(now, "call", "info", side=side, content_type=info.content_type, body=body)
    if (press := key_press(leg.id, info.content_type, info.body)) is not None:
        call.ground.media(press)
        _learn(call, leg, info.content_type)


def _learn(call: "Call", leg: Leg, content_type: str) -> None:
    """Who sends keys so is sent them so."""
    session = leg.session
    if session is None or session.info.reads_keys:
        return
    session.info = replace(session.info, used=True, short=_kind(content_type) == KEY)
    if leg.negotiated is not None and leg.state is Port.TAKEN:
        call.ground.media(leg.connect())


def _kind(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def key_press(leg: LegId, content_type: str, body: bytes) -> HearDigit | None:
    """What the audio plane is told; None: the INFO is about something else, or cannot be read."""
    kind = _kind(content_type)
    text = body[:_LONGEST].decode("latin-1")
    signal, duration = text, ""
    if kind == KEY_RELAY:
        fields: dict[str, str] = {}
        for line in text.splitlines():
            name, _, value = line.partition("=")
            fields.setdefault(name.strip().lower(), value)
        signal, duration = fields.get("signal", ""), fields.get("duration", "").strip()
    elif kind != KEY:
        return None
    key = _key(signal)
    known = duration.isascii() and duration.isdigit() and len(duration) < 6
    return (
        HearDigit(leg, key, "info", min(int(duration), _MOST_MS) if known else _DEFAULT_MS) if key else None
    )


def _key(text: str) -> str:
    """Of `5`, `*`, `a` or, numbered as in RFC 4733 §3.2, `11`; empty when it is none."""
    bare = text.strip().upper()
    return _NUMBERED.get(bare) or (bare if len(bare) == 1 and bare in KEYS + FLASH else "")
