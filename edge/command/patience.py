"""What a caller who waits hears: a greeting, music, and now and then where he is and how long it may take."""

from typing import Final

from edge.acd.terms import QueueTerms
from edge.acd.ticket import Place
from edge.agenda import Alarm
from edge.call.call import Call
from edge.call.hold import BUILTIN, PROMPT
from edge.command.prompting import Prompting
from edge.flow.command import Sound
from media import port

LONGEST: Final = 60
"Above so many minutes a caller is only told that it takes longer [min]."


class Patience:
    def __init__(self, call: Call, name: str, terms: QueueTerms, offer: tuple[Sound, ...] = ()) -> None:
        """Args: name: of its playbacks; offer: told with every announcement."""
        self._call = call
        self._name = name
        self._terms = terms
        self._offer = offer
        self._count = 0
        self._prompting: Prompting | None = None
        self._music = ""
        self._alarm: Alarm | None = None

    def start(self, now: float) -> None:
        if self._terms.greeting:
            self._say((Sound(text=self._terms.greeting),), now)
        else:
            self._play()
        self._expect(now + self._terms.announcements.first)

    def played(self, event: port.Played, now: float) -> None:
        """The end of any playback on the caller's leg."""
        if self._prompting is not None:
            self._prompting.played(event, now)

    def stop(self) -> None:
        """Fall silent."""
        if self._alarm is not None:
            self._alarm.cancel()
        if self._prompting is not None:
            self._prompting.stop()
            self._prompting = None
        self._quiet()

    # Inside.

    def _expect(self, at: float) -> None:
        if self._terms.announcements or self._offer:
            self._alarm = self._call.alarm(at, self._announce)

    def _announce(self, now: float) -> None:
        self._expect(now + self._terms.announcements.interval)
        place = self._call.ground.acd.place(self._call.id, now)
        if place is not None and self._prompting is None:
            told = tuple(Sound(text=text) for text in sentences(self._terms, place))
            self._say(told + self._offer, now)

    def _say(self, sounds: tuple[Sound, ...], now: float) -> None:
        self._quiet()
        self._prompting = Prompting(self._call, self._next("say"), sounds, self._said)
        self._prompting.start(now)

    def _said(self, milliseconds: int, now: float) -> None:
        self._prompting = None
        self._play()

    def _play(self) -> None:
        path = self._terms.music
        if path == BUILTIN:
            path = self._call.ground.directory.prompt(PROMPT) or ""
        if path:
            self._music = self._next("music")
            self._call.ground.media(port.Play(self._call.leg.id, self._music, path, loop=True))

    def _quiet(self) -> None:
        if self._music:
            self._call.ground.media(port.StopPlay(self._call.leg.id, self._music))
            self._music = ""

    def _next(self, part: str) -> str:
        self._count += 1
        return f"{self._name}{part}{self._count}."


def sentences(terms: QueueTerms, place: Place) -> tuple[str, ...]:
    told: list[str] = []
    if terms.announcements.position:
        told.append("You are next." if place.position == 1 else f"You are number {place.position} in line.")
    if terms.announcements.wait:
        minutes = max(1, round(place.wait / 60))
        if minutes > LONGEST:
            told.append("It may take more than an hour.")
        else:
            told.append(f"It may take {'a minute' if minutes == 1 else f'{minutes} minutes'}.")
    return tuple(told)
