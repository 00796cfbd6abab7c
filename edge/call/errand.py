"""What an AI agent asks of its call, done and answered: hold and resume, prompts, variables, recording,
transfers.

::

    agent ── hold, play … ──▶ media (allowed?) ── AgentAsked ──▶ Errands ── TellAgent(Answer) ──▶ agent
"""

import re
from typing import Final, Protocol

import orjson

from edge.command.running import Stage
from edge.flow.value import Value, bounded
from edge.recordings import Recording
from media import port
from media.agent.redact import variables_shown

HOLD_PROMPT: Final = "hold"
VARIABLES: Final = 100
"An agent may set so many."
VARIABLES_TEXT: Final = 16_384
"Characters of those that it sets at once, as JSON."
_HOLD: Final = "agent-hold"
_PLAY: Final = "agent-play"
_COMFORT: Final = (425.0,)
"Heard on hold where the prompt is not there: a short tone now and then [Hz]."
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


class Transfers(Protocol):
    def transfer(self, target: str, request: int, details: dict[str, str], now: float) -> str | None:
        """Somebody else takes the caller: the reason why not, empty: done, or None: the answer follows."""


class Errands:
    """Those of one call with agents."""

    def __init__(self, stage: Stage, owner: Transfers) -> None:
        self.variables: dict[str, Value] = {}
        self._stage = stage
        self._call = stage.call
        self._owner = owner
        self._on_hold = False
        self._recording = False

    def run(self, asked: port.AgentAsked, now: float) -> None:
        error = self._do(asked, now)
        if error is not None:
            self._call.ground.media(port.TellAgent(asked.leg, port.Answer(asked.number, error)))

    def leave(self) -> None:
        """The agent is gone, and with it what it left playing."""
        if self._on_hold:
            self._on_hold = False
            self._call.ground.media(port.StopPlay(self._call.leg.id, _HOLD))

    # Inside.

    def _do(self, asked: port.AgentAsked, now: float) -> str | None:
        """The reason of a refusal, empty when it is done; None: it is answered later, or by nobody."""
        call, verb, value = self._call, asked.verb, asked.value
        match verb:
            case "hold":
                if not self._on_hold:
                    self._on_hold = True
                    self._play(_HOLD, HOLD_PROMPT, loop=True)
            case "resume":
                self.leave()
            case "play":
                if call.ground.directory.prompt(value) is None:
                    return f"there is no prompt {value}"
                self._play(_PLAY, value, loop=("loop", "true") in asked.details)
            case "pause_play" | "resume_play":
                call.ground.media(port.PausePlay(call.leg.id, verb == "pause_play", _PLAY))
            case "seek_play":
                relative = value[:1] in ("+", "-")
                call.ground.media(port.SeekPlay(call.leg.id, int(value), relative, _PLAY))
            case "stop_play":
                call.ground.media(port.StopPlay(call.leg.id, _PLAY))
            case "set":
                return self._set(value, now)
            case "record":
                return self._record(now)
            case "stop_record":
                if self._recording:
                    self._recording = False
                    call.ground.media(port.StopRecord(call.leg.id))
            case "transfer":
                return self._owner.transfer(value, asked.number, dict(asked.details), now)
            case _:
                return f"{verb} is not served by this version"
        return ""

    def _play(self, play: str, prompt: str, *, loop: bool) -> None:
        call = self._call
        path = call.ground.directory.prompt(prompt)
        if path is None:
            call.ground.media(port.Tone(call.leg.id, play, _COMFORT, ((0.2, 9.8),)))
        else:
            call.ground.media(port.Play(call.leg.id, play, path, loop))

    def _set(self, text: str, now: float) -> str:
        if len(text) > VARIABLES_TEXT:
            return f"the variables are longer than {VARIABLES_TEXT} characters"
        given = orjson.loads(text)
        for name, value in given.items():
            if _NAME.fullmatch(name) is None:
                return f"{name[:64]!r} is no name for a variable: letters, digits and _"
            if name not in self.variables and len(self.variables) >= VARIABLES:
                return f"{VARIABLES} variables are set already"
            self.variables[name] = bounded(value)
        self._call.trace.add(now, "agent", "variables", variables=variables_shown(text))
        return ""

    def _record(self, now: float) -> str:
        if self._recording:
            return "a recording is under way"
        call = self._call
        wall = call.ground.wall(now)
        number = next(self._stage.recordings)
        recording = Recording(call.route.account.id, call.id, "rec", number, "", call.caller, wall)
        self._recording = True
        call.ground.media(port.Record(call.leg.id, call.ground.record(recording)))
        call.trace.add(now, "agent", "recording", outcome=recording.key)
        return ""
