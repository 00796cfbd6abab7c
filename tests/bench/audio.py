"""The loads of audio, each of them one row: echo, bridge, SRTP, wideband codecs, agents."""

import base64
import contextlib
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import KW_ONLY, dataclass

from media.port import Crypto
from tests.bench import sources
from tests.bench.datagrams import Datagrams
from tests.bench.measure import Row, signalling
from tests.bench.meter import Meter
from tests.bench.signalling import Signalling, Work
from tests.bench.sources import Source
from tests.bench.streams import EVENTS, Payload, Streams
from tests.bench.subject import AGENT, BRIDGE, ECHO, MENU, ROOMS, Subject
from tests.support.address import loopback
from tests.support.process import Child

SETTLE = 25.0
"Streams run this long before anything is counted: latches, phases and buffers have found their place [s]."
RATE = 100.0
"Calls set up in a second."
STEP = 20
"Calls set up before all speak for a second, where it is looked for how many are taken."
SUITE = "AES_CM_128_HMAC_SHA1_80"


@dataclass(slots=True)
class Ground(Meter):
    """What every load on the daemon needs."""

    subject: Subject
    _: KW_ONLY
    caller: Signalling
    rates: tuple[float, float] = (0.0, 0.0)
    "HTTP requests and SIP transactions a second while it is measured."

    def set_up(
        self, number: str | Sequence[str], calls: int, sdp: bytes | Callable[[int], bytes]
    ) -> list[Work]:
        """Those that were taken on; a node that live audio fills refuses the rest with 503.

        Args:
            number: or several, called in turn.
        """
        offer = sdp if callable(sdp) else lambda _: sdp
        numbers = [number] if isinstance(number, str) else list(number)
        load, works = self.caller.set_up(numbers, calls, RATE, offer)
        refused = load.statuses.get(503, 0)
        assert load.done + refused == calls, f"{load.failed} of {calls} failed: {load.statuses}"
        if refused:
            self.faults["refused"] = float(refused)
        return works

    @contextlib.contextmanager
    def beside(self) -> Iterator[None]:
        if not any(self.rates):
            yield
            return
        (host, port), (_, sip) = self.subject.daemon.http, self.subject.daemon.sip
        words = [loopback(), host, port, sip, *self.rates]
        with Child([sys.executable, "-m", "tests.bench.beside", *map(str, words)], name="beside") as child:
            child.wait_for("ready")
            yield
            child.write("")
            told = json.loads(child.wait_for(r"^\{", 20.0).string)
        self.faults["http"] = told["http"] / self.seconds
        self.faults["sip"] = told["sip"] / self.seconds
        self.faults["beside failed"] = float(told["failed"])


@contextlib.contextmanager
def ground(
    subject: Subject, seconds: float, *, settle: float = SETTLE, beside: tuple[float, float] = (0.0, 0.0)
) -> Iterator[Ground]:
    taken = Datagrams(subject.trunk)
    caller = signalling(subject)
    try:
        memory = subject.memory()
        yield Ground(subject, seconds, settle, taken, caller.hang_up, memory, caller=caller, rates=beside)
    finally:
        taken.close()
        caller.close()


def echo(on: Ground, calls: int) -> Row:
    """Stamped packets: sent back by the daemon as they are heard."""
    works = on.set_up(ECHO, calls, offer(on.socket.address, sources.pcmu()))
    return on.row("echo call", len(works), _stamped(on, works))


def full(on: Ground, calls: int) -> Row:
    """More and more of them while all speak, until the daemon takes no more: those that are up sound well."""
    works: list[Work] = []
    while len(works) < calls and "refused" not in on.faults:
        works += on.set_up(ECHO, min(STEP, calls - len(works)), offer(on.socket.address, sources.pcmu()))
        _stamped(on, works).run(1.0, measure=False)
    return on.row("echo call, as many as are taken", len(works), _stamped(on, works))


def secured_echo(on: Ground, calls: int) -> Row:
    """The same through SRTP both ways."""
    own = os.urandom(30)
    line = f"a=crypto:1 {SUITE} inline:{base64.b64encode(own).decode()}"
    works = on.set_up(ECHO, calls, offer(on.socket.address, sources.pcmu(), line))
    keys = [Crypto(SUITE, own, work.key) for work in works]
    targets = [work.media for work in works]
    return on.row("echo call, SRTP", len(works), Streams([on.socket], targets, Payload.STAMPED, keys=keys))


def bridge(on: Ground, calls: int) -> Row:
    """From a trunk's DID to another trunk: two legs a call, stamped packets each way."""
    targets, returns = _pairs(on, calls, sources.pcmu())
    return on.row(
        "bridged call", len(targets) // 2, Streams([on.socket], targets, Payload.STAMPED, returns=returns)
    )


def g722(on: Ground, calls: int) -> Row:
    return _transcoded(on, calls, "G.722 leg bridged to G.711", sources.g722())


def opus(on: Ground, calls: int) -> Row:
    return _transcoded(on, calls, "Opus leg bridged to G.711", sources.opus())


def g722_pair(on: Ground, calls: int) -> Row:
    return _passed_on(on, calls, "G.722 leg bridged to G.722", sources.g722())


def opus_pair(on: Ground, calls: int) -> Row:
    return _passed_on(on, calls, "Opus leg bridged to Opus", sources.opus())


def agents(on: Ground, calls: int) -> Row:
    """16 kHz bare audio through an agent that returns it, VAD on."""
    works = on.set_up(AGENT, calls, offer(on.socket.address, sources.pcmu()))
    targets = [work.media for work in works]
    return on.row("agent call", len(works), Streams([on.socket], targets, Payload.BURSTS))


def conference(on: Ground, calls: int) -> Row:
    """Rooms of three by G.711."""
    room = sources.pcmu(), sources.hum(), sources.hum()
    works, streams = _rooms(on, max(1, calls // 3), room)
    return on.row(f"conference leg, {len(works) // 3:,} rooms of three", len(works), streams)


def g722_rooms(on: Ground, calls: int) -> Row:
    """Rooms of three, two of them by G.722: these are decoded, mixed and encoded, and counted."""
    room = sources.g722(), sources.hum(), sources.g722(hums=True)
    works, streams = _rooms(on, max(1, calls // 2), room)
    return on.row("G.722 leg, rooms of two and one of G.711", len(works) * 2 // 3, streams)


def _rooms(on: Ground, rooms: int, room: tuple[Source, Source, Source]) -> tuple[list[Work], Streams]:
    """All are loud; what the first says to the second, who speaks G.711, is judged.

    Rooms are filled one by one. One of which a call is refused is left: a room of two is another load.
    """
    numbers = [number for number in ROOMS[:rooms] for _ in room]
    works = on.set_up(numbers, len(numbers), lambda n: offer(on.socket.address, room[n % 3]))
    met = Counter(work.index // 3 for work in works)
    alone = [work for work in works if met[work.index // 3] < 3]
    if alone:
        on.caller.hang_up(works=alone)
    works = [work for work in works if met[work.index // 3] == 3]
    # The works of a room follow each other: what the first two say to each other is heard by both.
    returns = [n + (1, -1, 0)[work.index % 3] for n, work in enumerate(works)]
    streams = Streams(
        [on.socket],
        [work.media for work in works],
        Payload.SOURCES,
        returns=returns,
        sources=[room[work.index % 3] for work in works],
        judged=[work.index % 3 == 0 for work in works],
    )
    return works, streams


def prompts(on: Ground, calls: int) -> Row:
    """A prompt to each, voices and keys (in the audio) looked for in what it says; gaps are the loss."""
    hum = sources.hum()
    works = on.set_up(MENU, calls, offer(on.socket.address, hum))
    streams = Streams(
        [on.socket],
        [work.media for work in works],
        Payload.SOURCES,
        sources=[hum] * len(works),
        judged=[False] * len(works),
    )
    return on.row("prompt, voice activity, keys", len(works), streams)


def offer(here: tuple[str, int], source: Source, *lines: str, events: bool = False) -> bytes:
    """One codec, packets of 20 ms, without telephone-event unless `events`."""
    profile = "RTP/SAVP" if lines else "RTP/AVP"
    text = [
        "v=0",
        f"o=- 1 1 IN IP4 {here[0]}",
        "s=-",
        f"c=IN IP4 {here[0]}",
        "t=0 0",
        f"m=audio {here[1]} {profile} {source.payload_type}" + f" {EVENTS}" * events,
        *source.attributes,
        *[f"a=rtpmap:{EVENTS} telephone-event/8000"] * events,
        *lines,
        "a=ptime:20",
        "",
    ]
    return "\r\n".join(text).encode()


def _stamped(on: Ground, works: list[Work]) -> Streams:
    return Streams([on.socket], [work.media for work in works], Payload.STAMPED)


def _pairs(
    on: Ground, calls: int, near: Source, far: Source | None = None, *, events: bool = False
) -> tuple[list[tuple[str, int]], list[int]]:
    """Both legs of each call: where to send to, and whose sound comes from there."""
    answer = offer(on.socket.address, far or sources.pcmu(), events=events)
    on.caller.answer_with = lambda _: answer
    works = on.set_up(BRIDGE, calls, offer(on.socket.address, near, events=events))
    targets, returns = [], []
    for n, work in enumerate(works):
        targets += [work.media, on.caller.taken[work.index]]
        returns += [2 * n + 1, 2 * n]
    return targets, returns


def _transcoded(on: Ground, calls: int, name: str, near: Source) -> Row:
    """Decoded, resampled and encoded in both directions; what the G.711 side hears is judged.

    Both phones speak telephone-event, as phones do: tones are not looked for in what they say.
    """
    targets, returns = _pairs(on, calls, near, events=True)
    streams = Streams(
        [on.socket],
        targets,
        Payload.SOURCES,
        returns=returns,
        sources=[near, sources.pcmu()] * (len(targets) // 2),
        judged=[True, False] * (len(targets) // 2),
    )
    return on.row(name, len(targets) // 2, streams)


def _passed_on(on: Ground, calls: int, name: str, source: Source) -> Row:
    """Both phones speak one codec, and telephone-event, so that nobody has to listen; gaps are the loss."""
    targets, returns = _pairs(on, calls, source, source, events=True)
    streams = Streams(
        [on.socket],
        targets,
        Payload.SOURCES,
        returns=returns,
        sources=[source] * len(targets),
        judged=[False] * len(targets),
    )
    return on.row(name, len(targets), streams)
