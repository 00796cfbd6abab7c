"""Run cases of every target in turn until the time is over; a case is named by its seed and number."""

import signal
import time
import traceback
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import FrameType

from tests.fuzz import agent, audio, channel, conversation, respelling, sip
from tests.fuzz.target import Target

FILES = (sip, respelling, channel, audio, agent, conversation)
TARGETS: dict[str, Target] = {target.name: target for file in FILES for target in file.TARGETS}
STUCK = 20.0
"A case that takes longer is a finding [s]."
SLICE = 0.1
"Time of one target, by its share, before the next has its turn [s]; less in a short run."


class Stuck(Exception):
    """The case did not come to an end."""


@dataclass(frozen=True, slots=True)
class Finding:
    target: str
    case: str
    error: str
    "The traceback."
    kind: str
    "Findings of one kind are one: the exception and where it was raised."

    def reproducer(self) -> str:
        data = TARGETS[self.target].input(self.case)
        again = f"scripts/fuzz --target {self.target} --case {self.case}"
        return f"{again}\n{self.error.rstrip()}\ninput ({len(data)} bytes): {data[:2_000]!r}"


@dataclass(slots=True)
class Report:
    cases: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def run_case(target: Target, case: str) -> Finding | None:
    previous = signal.signal(signal.SIGALRM, _stuck)
    signal.setitimer(signal.ITIMER_REAL, STUCK)
    try:
        target.run(case)
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        text = traceback.format_exc(limit=-12)
        return Finding(
            target.name, case, text, f"{target.name} {type(error).__name__} {last.filename}:{last.lineno}"
        )
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, previous)
    return None


def run(names: Iterable[str], seconds: float, seed: int, most: int = 20) -> Report:
    """Fuzz the targets of these names until `seconds` are over or `most` kinds of finding are known."""
    report = Report()
    known: set[str] = set()
    numbers = dict.fromkeys(names, 0)
    turn = min(SLICE, seconds / 2 / sum(TARGETS[name].share for name in numbers))
    end = time.monotonic() + seconds
    while len(report.findings) < most:
        for name in numbers:
            began = time.monotonic()
            if began >= end:
                return report
            while time.monotonic() < min(began + turn * TARGETS[name].share, end):
                found = run_case(TARGETS[name], f"{seed}/{numbers[name]}")
                numbers[name] += 1
                if found is not None and found.kind not in known:
                    known.add(found.kind)
                    report.findings.append(found)
            report.cases[name] = numbers[name]
            report.seconds[name] = report.seconds.get(name, 0.0) + time.monotonic() - began
    return report


def _stuck(number: int, frame: FrameType | None) -> None:
    raise Stuck(f"still busy after {STUCK:g} s")
