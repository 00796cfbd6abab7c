"""Recordings of calls on their way to the media folder: a file is kept only when it is complete.

::

    begin ─▶ <account>/vm/<call>.wav.part ◀─ engine writes ── Recorded ─▶ effect Keep ─▶ rename, row

A caller who hangs up ends his message in the best of orders, so `Recorded` is seen here and not by the call,
which may be over by then.
"""

from collections.abc import Callable
from typing import Final

from config.value import dataclass
from edge.directory import AccountId
from edge.journal import CallId
from media.port import Recorded

PART: Final = ".part"
"Ending of a file that is still written; such files of a former run are worth nothing."


@dataclass(frozen=True, slots=True)
class Recording:
    account: AccountId
    call: CallId
    folder: str
    "`vm`, `rec`, `call` of a whole call, or `greeting`: what callers of a user's voicemail hear."
    number: int
    "Of those of the call, from 1."
    mailbox: str
    "User whose message or greeting it is; empty for others."
    caller: str
    started_at: int
    "[ms UTC]"

    @property
    def key(self) -> str:
        """Its place in the media folder: `<account>/vm/<callId>.wav` (S004-78)."""
        if self.folder == "greeting":
            return f"{self.account}/greeting/{self.mailbox}.wav"
        more = "" if self.number == 1 else f"-{self.number}"
        return f"{self.account}/{self.folder}/{self.call}{more}.wav"


@dataclass(frozen=True, slots=True)
class Keep:
    """The file `<key>.part` is complete: give it its name, and a row when it is a message."""

    recording: Recording
    milliseconds: int
    error: str


class Recordings:
    def __init__(self, media: str, emit: Callable[[Keep], None]) -> None:
        """Args: media: absolute path of the media folder."""
        self._media = media
        self._emit = emit
        self._live: dict[str, Recording] = {}

    def begin(self, recording: Recording) -> str:
        """The path to record to."""
        path = f"{self._media}/{recording.key}{PART}"
        self._live[path] = recording
        return path

    def path(self, key: str) -> str:
        """Where a complete one is."""
        return f"{self._media}/{key}"

    def recorded(self, event: Recorded) -> None:
        recording = self._live.pop(event.path, None)
        if recording is not None:
            self._emit(Keep(recording, event.milliseconds, event.error))

    def __len__(self) -> int:
        return len(self._live)
