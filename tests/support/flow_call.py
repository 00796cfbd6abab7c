"""A call in a flow on the bench: a phone that dials 9001, presses keys and hears prompts."""

import itertools

from edge.directory import Target
from edge.flow.command import Issued
from edge.flow.machine import Program
from edge.flow.value import Value
from edge.journal import TraceEvent
from edge.question import Look
from media import port
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone, final
from tests.support.flow import program


class Spoken(dict[str, str]):
    """Every text has its WAV, but for those that a test has spoken on demand."""

    def get(self, text: str, default: str | None = None) -> str | None:  # type: ignore[override]
        return None if "slow" in text else f"/spoken/{text}.wav"


class FlowCall:
    def __init__(
        self, source: Program | str, directory: FakeDirectory | None = None, *, answered: bool = True
    ) -> None:
        """Args: answered: whether the flow picks up at once."""
        self.directory = directory or FakeDirectory()
        self.directory.add_user("1001")
        self.directory.flows = source if isinstance(source, Program) else program(source)
        self.directory.speech = Spoken()
        self.directory.extensions["9001"] = Target("flow", "main")
        self.bench = Bench(self.directory)
        self.phone = Phone(self.bench, "1001")
        self._ended: set[str] = set()
        self.answers = self.phone.dial("9001")
        if answered:
            self.phone.ack(final(self.answers))
        calls = list(self.bench.switch.calls.values())
        self.call = calls[0] if calls else None
        self._flow = None if self.call is None else self.call.treatment

    @property
    def leg(self) -> port.LegId:
        assert self.call is not None
        return self.call.leg.id

    # What the caller does.

    def press(self, digits: str) -> None:
        for digit in digits:
            self.bench.media(port.Digit(self.leg, digit, "rfc4733", 100))

    def hears(self) -> list[str]:
        """What is playing, and let it come to its end, again and again while more follows at once."""
        heard: list[str] = []
        for _ in itertools.repeat(None, 50):
            playing = self.playing()
            if not playing:
                break
            for play in playing:
                heard.append(play.path.removeprefix("/spoken/").removesuffix(".wav"))
                self.played(play)
        return heard

    def playing(self) -> list[port.Play]:
        stopped = {
            command.play
            for command in self.bench.commanded(port.StopPlay)
            if isinstance(command, port.StopPlay)
        }
        return [
            command
            for command in self.bench.commanded(port.Play)
            if isinstance(command, port.Play) and command.play not in self._ended | stopped
        ]

    def played(self, play: port.Play, milliseconds: int = 1_000, error: str = "") -> None:
        self._ended.add(play.play)
        self.bench.media(port.Played(self.leg, play.play, milliseconds, not error, error))

    # What happens.

    def told(self, **reply: Value) -> None:
        """Answer the oldest question."""
        ask = self.bench.asked.pop(0)
        self.bench.switch.told(ask.token, reply, self.bench.now)
        self.bench.drain()

    @property
    def look(self) -> Look:
        question = self.bench.asked[0].question
        assert isinstance(question, Look)
        return question

    @property
    def issued(self) -> Issued:
        from edge.call.flow import FlowTreatment

        assert self.call is not None
        if isinstance(self.call.treatment, FlowTreatment):  # which a call that is over has no more
            self._flow = self.call.treatment
        assert isinstance(self._flow, FlowTreatment)
        return self._flow._state.issued

    @property
    def at(self) -> str:
        return self.issued.node_id

    def went(self) -> list[tuple[str, str]]:
        """Nodes and outcomes of the whole call so far."""
        names = {"begin", "command", "party", "not_built", "fault"}
        return [(row.node_id, row.outcome) for row in self.rows("flow") if row.event not in names]

    def rows(self, layer: str) -> list[TraceEvent]:
        assert self.call is not None
        written = self.bench.journal.traces.get(self.call.id, [])
        return [row for row in (*written, *self.call.trace.waiting()) if row.layer == layer]
