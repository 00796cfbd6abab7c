"""What Prometheus reads. Names are `tandem_…`; units are in the names.

Most values already exist somewhere as a number: they are read when asked for, and cost nothing until then.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
CHILDREN_MAX: Final = 256
"Different label values of one counter; beyond it they are counted as `other`."
READ_EVERY: Final = 1.0
"[s]"

Read = Callable[[], float]
ReadLabelled = Callable[[], Iterable[tuple[Sequence[str], float]]]


class Metrics:
    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        """Args: clock: [s]; without one, what takes long to read is read at every scrape."""
        self._registry = CollectorRegistry()
        self._plain: list[tuple[str, Read]] = []
        "What comes before the value, and the value."
        self._readings: list[tuple[str, str, tuple[str, ...], ReadLabelled]] = []
        self._registry.register(_Labelled(self._readings))
        self._registry.register(ProcessReadings(clock))

    def gauge(self, name: str, text: str, read: Read) -> None:
        """`tandem_<name>`, read at every scrape."""
        self._plain.append((_opening(f"tandem_{name}", "gauge", text), read))

    def labelled(self, name: str, text: str, labels: Sequence[str], read: ReadLabelled) -> None:
        """`tandem_<name>{…}`, read at every scrape: pairs of label values and value."""
        self._readings.append((f"tandem_{name}", text, tuple(labels), read))

    def total(self, name: str, text: str, read: Read) -> None:
        """`tandem_<name>_total`, a number kept elsewhere that only grows, read at every scrape."""
        self._plain.append((_opening(f"tandem_{name}_total", "counter", text), read))

    def counter(self, name: str, text: str, labels: Sequence[str] = ()) -> "Count":
        return Count(Counter(f"tandem_{name}", text, labels, registry=self._registry), len(labels))

    def histogram(self, name: str, text: str, buckets: Sequence[float]) -> Callable[[float], None]:
        """Returns what takes one observation."""
        made = Histogram(f"tandem_{name}", text, buckets=tuple(buckets), registry=self._registry)
        return made.observe

    def render(self) -> bytes:
        # The loop waits for it: the client library takes ten times as long for a value without labels.
        plain = "".join(f"{opening}{_number(read())}\n" for opening, read in self._plain)
        return plain.encode() + generate_latest(self._registry)


class Count:
    """A counter; each combination of label values is looked up in the client library once."""

    def __init__(self, counter: Counter, labels: int) -> None:
        self._counter = counter
        self._labels = labels
        self._children: dict[tuple[str, ...], Counter] = {}

    def add(self, *values: str, amount: float = 1.0) -> None:
        child = self._children.get(values)
        if child is None:
            if len(self._children) >= CHILDREN_MAX:
                values = ("other",) * self._labels
            child = self._counter.labels(*values) if self._labels else self._counter
            self._children[values] = child
        child.inc(amount)


class ProcessReadings(Collector):
    """Of this process, once a second at most: to count the sockets of a thousand calls takes a while."""

    def __init__(self, clock: Callable[[], float] | None) -> None:
        self._process = ProcessCollector(namespace="tandem", registry=None)
        self._clock = clock
        self._read: tuple[Metric, ...] = ()
        self._read_at = -math.inf

    def collect(self) -> Iterator[Metric]:
        if self._clock is None:
            yield from self._process.collect()
            return
        now = self._clock()
        if now - self._read_at >= READ_EVERY:
            self._read, self._read_at = tuple(self._process.collect()), now
        yield from self._read


class _Labelled(Collector):
    def __init__(self, readings: Iterable[tuple[str, str, tuple[str, ...], ReadLabelled]]) -> None:
        self._readings = readings

    def collect(self) -> Iterator[Metric]:
        for name, text, labels, rows in self._readings:
            family = GaugeMetricFamily(name, text, labels=labels)
            for values, value in itertools.islice(rows(), CHILDREN_MAX):
                family.add_metric(values, value)
            yield family


def _number(value: float) -> str:
    written: str = floatToGoString(value)  # type: ignore[no-untyped-call]  # the library's own way
    return written


def _opening(name: str, kind: str, text: str) -> str:
    """The lines before a value, and its name (exposition format 0.0.4)."""
    told = text.replace("\\", r"\\").replace("\n", r"\n")
    return f"# HELP {name} {told}\n# TYPE {name} {kind}\n{name} "
