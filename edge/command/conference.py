"""conference: the PIN if the room has one, then the room, until the caller hangs up or is sent away.

A moderator is who gives the moderators' PIN, or whom the flow says to be one. In the room *6 mutes the
caller, and lets him be heard again.
"""

from typing import Final

from config.conference import Conference as Terms
from edge.agenda import Alarm
from edge.command.prompting import Prompting
from edge.command.running import Running
from edge.conference import Member, same
from edge.flow.command import Conference, Sound
from edge.flow.node.conference import MUTED_PROMPT, PIN_PROMPT, UNMUTED_PROMPT, WRONG_PROMPT
from media import port

PIN_SECONDS: Final = 10.0
"For the first digit of the PIN after the question, and for each further one [s]."
TRIES: Final = 3
LONGEST_PIN: Final = 16
MUTE_KEYS: Final = "*6"


class ConferenceRunning(Running[Conference]):
    _digits = ""
    _tries = 0
    _asking = False
    _member: Member | None = None
    _waiting: Alarm | None = None
    _prompting: Prompting | None = None

    def start(self, now: float) -> None:
        if not self._call.answer(now):
            return
        terms = self._terms
        if self.command.moderator or not (self._pin or terms.moderator_pin):
            self._enter(now, moderator=self.command.moderator)
            return
        self._asking = self._call.trace.secret = True
        typed = self._stage.typed
        while typed and self._asking:
            self._press(typed.popleft(), now)
        if self._asking and not self._digits:
            self._ask(now, PIN_PROMPT)

    def media_event(self, event: port.Event, now: float) -> None:
        if isinstance(event, port.Played) and self._prompting is not None:
            self._prompting.played(event, now)
        elif self._member is not None:
            self._call.ground.conferences.media_event(self._member, event)

    def digit(self, digit: str, now: float) -> bool:
        if self._asking:
            if self._prompting is not None:
                self._prompting.stop()
            self._press(digit, now)
        elif self._member is not None:
            self._digits = (self._digits + digit)[-len(MUTE_KEYS) :]
            if self._digits == MUTE_KEYS:
                self._digits = ""
                self._mute(self._member, now)
        return True

    def cancel(self, now: float, reason: str) -> None:
        self._leave(now)
        super().cancel(now, reason)

    def dismissed(self, cause: str, now: float) -> None:
        member, self._member = self._member, None
        if member is not None:
            self._call.trace.add(now, "flow", "room", outcome=cause, name=self.command.room)
            self._end("done", now, cause=cause)

    # Inside.

    @property
    def _terms(self) -> Terms:
        return self._call.route.account.conferences.get(self.command.room, Terms())

    @property
    def _pin(self) -> str:
        return self.command.pin or self._terms.pin or ""

    def _ask(self, now: float, *names: str) -> None:
        sounds = tuple(Sound(name=name) for name in names)
        self._tries += 1
        self._prompting = Prompting(self._call, self._name(f"pin{self._tries}."), sounds, self._asked)
        self._prompting.start(now)

    def _asked(self, milliseconds: int, now: float) -> None:
        self._wait(now)

    def _wait(self, now: float) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
        self._waiting = self._alarm(now + PIN_SECONDS, self._judge)

    def _press(self, digit: str, now: float) -> None:
        if digit == "#":
            self._judge(now)
            return
        self._digits += digit
        # Who knows the PIN need not press hash, and a wrong one of any length costs a try.
        longest = max(len(self._pin), len(self._terms.moderator_pin or ""))
        if self._role() is not None or len(self._digits) >= min(longest, LONGEST_PIN):
            self._judge(now)
        else:
            self._wait(now)

    def _role(self) -> bool | None:
        """Whether the digits make a moderator; None: they open nothing."""
        if same(self._digits, self._terms.moderator_pin):
            return True
        return False if same(self._digits, self._pin) else None

    def _judge(self, now: float) -> None:
        role = self._role()
        if role is None and not self._pin and not self._digits:
            role = False  # moderators alone have a PIN here, and who gives none is not one
        self._digits = ""
        if self._waiting is not None:
            self._waiting.cancel()
        if role is not None:
            self._asking = self._call.trace.secret = False
            self._enter(now, moderator=role)
        elif self._tries < TRIES:
            self._ask(now, WRONG_PROMPT, PIN_PROMPT)
        else:
            self._asking = self._call.trace.secret = False
            self._call.trace.add(now, "flow", "room", outcome="wrong_pin", name=self.command.room)
            self._end("failed", now, cause="wrong_pin")

    def _enter(self, now: float, *, moderator: bool) -> None:
        call, room = self._call, self.command.room
        name = call.route.caller.name if call.route.caller is not None else ""
        member = Member(call.id, call.leg.id, call.caller, name, moderator, self)
        refusal = call.ground.conferences.enter(call.route.account, room, member, now)
        outcome = "joined" if refusal is None else refusal.code
        call.trace.add(now, "flow", "room", outcome=outcome, name=room, moderator=moderator)
        if refusal is not None:
            self._end("failed", now, cause=refusal.code)
            return
        self._member = member

    def _leave(self, now: float) -> None:
        member, self._member = self._member, None
        if member is not None:
            self._call.ground.conferences.leave(member, now)

    def _mute(self, member: Member, now: float) -> None:
        self._call.ground.conferences.adjust(member, muted=not member.muted)
        outcome = "muted" if member.muted else "unmuted"
        self._call.trace.add(now, "flow", "room", outcome=outcome, name=self.command.room)
        name = MUTED_PROMPT if member.muted else UNMUTED_PROMPT
        self._prompting = Prompting(self._call, self._name("mute"), (Sound(name=name),), lambda _, __: None)
        self._prompting.start(now)
