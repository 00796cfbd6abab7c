"""How calls ended, how long they were up and how they sounded, for `/metrics`."""

from collections.abc import Sequence
from typing import Final

from controlplane.observe.metrics import Metrics
from edge.journal import CallId, Cdr, OpenCall, TraceEvent

UP_BUCKETS: Final = (5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0, 7_200.0)
SETUP_BUCKETS: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 60.0)
MOS_BUCKETS: Final = (2.0, 2.6, 3.1, 3.6, 4.0, 4.3)
"Where users go from not recommended to dissatisfied, some dissatisfied, satisfied (ITU-T G.107, Annex B)."


class Tally:
    """A `controlplane.observe.tap.Watches`."""

    def __init__(self, metrics: Metrics) -> None:
        labels = ("direction", "disposition")
        self._ended = metrics.counter("calls_ended", "Calls, by how they ended.", labels)
        self._up = metrics.histogram("call_duration_seconds", "From answer to end.", UP_BUCKETS)
        self._setup = metrics.histogram("call_setup_seconds", "From INVITE to answer.", SETUP_BUCKETS)
        text = "How each leg of an answered call was heard here, by the E-model, 1 to 4.5."
        self._mos = metrics.histogram("leg_mos", text, MOS_BUCKETS)
        text = "Legs on which no audio was heard for a while, by why."
        self._no_audio = metrics.counter("legs_without_audio", text, ("reason",))

    def opened(self, call: OpenCall) -> None:
        pass  # counted when it has ended

    def closed(self, cdr: Cdr) -> None:
        self._ended.add(cdr.direction, cdr.disposition)
        if cdr.answered_at is not None:
            self._setup((cdr.answered_at - cdr.started_at) / 1000)
            self._up((cdr.ended_at - cdr.answered_at) / 1000)
        for leg in cdr.media.values():
            if not isinstance(leg, dict):
                continue
            if (mos := leg.get("mos")) is not None:
                self._mos(mos)
            for reason in filter(None, leg.get("no_audio", "").split(",")):
                self._no_audio.add(reason)

    def traced(self, call: CallId, events: Sequence[TraceEvent]) -> None:
        pass
