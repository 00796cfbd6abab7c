"""Sounds one after another on a leg; texts that are not spoken yet are asked for on the way."""

import weakref
from collections.abc import Callable, Sequence
from inspect import ismethod

from edge.call.call import Call
from edge.flow.command import Sound
from edge.question import Reply, Speak
from media import port


class Prompting:
    """Ends by `done(heard_ms, now)`, unless it is stopped first."""

    def __init__(
        self,
        call: Call,
        name: str,
        sounds: Sequence[Sound],
        done: Callable[[int, float], None],
        *,
        loop: bool = False,
        leg: port.LegId | None = None,
    ) -> None:
        """
        Args:
            name: of its playbacks, told apart by a number behind it.
            loop: the last sound has no end.
            leg: who hears it; None: the caller.
        """
        self._call = call
        self._leg = leg
        self._account = call.route.account.id
        self._name = name
        self._sounds = sounds
        # Weak where it is a method of who holds this: a circle would be left to the collector.
        self._done = weakref.WeakMethod(done) if ismethod(done) else lambda: done
        self._loop = loop
        self._next = 0
        self._playing: dict[str, None] = {}  # in the order of hearing
        self._heard = 0
        self.over = False

    def start(self, now: float) -> None:
        self._go_on(now)

    def played(self, event: port.Played, now: float) -> None:
        """The end of any playback of the call."""
        if event.play not in self._playing:
            return
        del self._playing[event.play]
        self._heard += event.milliseconds
        self._finish_if_done(now)

    def stop(self) -> None:
        """Fall silent; `done` does not come."""
        self.over = True
        for play in self._playing:
            self._call.ground.media(port.StopPlay(self._leg or self._call.leg.id, play))
        self._playing.clear()

    def pause(self, paused: bool) -> None:
        """Of the sound that is heard; the others wait behind it."""
        for play in tuple(self._playing)[:1]:
            self._call.ground.media(port.PausePlay(self._leg or self._call.leg.id, paused, play))

    def seek(self, milliseconds: int, *, relative: bool) -> None:
        """In the sound that is heard."""
        for play in tuple(self._playing)[:1]:
            leg = self._leg or self._call.leg.id
            self._call.ground.media(port.SeekPlay(leg, milliseconds, relative, play))

    # Inside.

    def _go_on(self, now: float) -> None:
        """Queue what is there, up to the first text that has to be spoken first."""
        while self._next < len(self._sounds):
            sound = self._sounds[self._next]
            path = self._path(sound)
            if path is None and sound.text:
                self._call.ground.ask(Speak(sound.text, sound.voice, self._account), self._spoken)
                return
            self._queue(path, now)
        self._finish_if_done(now)

    def _spoken(self, reply: Reply, now: float) -> None:
        if self.over:
            return
        path = reply.get("path")
        self._queue(path if isinstance(path, str) else None, now)
        self._go_on(now)

    def _queue(self, path: str | None, now: float) -> None:
        number = self._next
        self._next += 1
        if path is None:  # the others are heard
            sound = self._sounds[number]
            name = sound.name or sound.file or sound.recording
            why = "there is no such prompt, or not yet" if name else "it cannot be spoken: see the log"
            self._call.trace.add(now, "flow", "not_heard", outcome=name or "text", text=why)
            return
        play = f"{self._name}{number}"
        self._playing[play] = None
        loop = self._loop and number + 1 == len(self._sounds)
        self._call.ground.media(port.Play(self._leg or self._call.leg.id, play, path, loop))

    def _path(self, sound: Sound) -> str | None:
        directory = self._call.ground.directory
        if sound.personal:
            own = directory.greeting(self._call.route.account.id, sound.personal)
            if own is not None:
                return own
        if sound.file:
            return sound.file
        if sound.recording:
            return self._call.ground.recorded(sound.recording)
        if sound.name:
            return directory.prompt(sound.name)
        return directory.spoken(sound.text, sound.voice, self._account)

    def _finish_if_done(self, now: float) -> None:
        if not self.over and not self._playing and self._next >= len(self._sounds):
            self.over = True
            done = self._done()
            if done is not None:
                done(self._heard, now)
