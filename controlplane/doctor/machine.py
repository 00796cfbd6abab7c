"""The machine: Python and its loop, limits, clock, and whether it wakes us in time for audio."""

import asyncio
import contextlib
import ctypes
import importlib.util
import platform
import resource
import sys
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from controlplane.doctor.finding import Finding, fail, ok, warn
from media.tts import Speaker, SpeechError

TICK: Final = 0.020
"An audio frame [s]."
TICKS: Final = 25
LATE_WARN: Final = 0.005
"A jitter buffer hides this much [s]."
LATE_FAIL: Final = 0.020

_EPOCH: Final = datetime.fromisoformat("2026-01-01T00:00:00+00:00").timestamp()
_TIME_ERROR: Final = 5
"State of `adjtimex(2)`: the clock is not synchronized."


def python(version: tuple[int, int] = sys.version_info[:2]) -> Finding:
    found = f"Python {platform.python_version()} ({platform.machine()})"
    if version < (3, 11):
        return fail("python", found, "use Python 3.11 or newer")
    return ok("python", found)


def event_loop() -> Finding:
    if importlib.util.find_spec("uvloop") is None:
        return warn(
            "event loop", "asyncio; uvloop is missing", "pip install uvloop: it halves the cost of a packet"
        )
    return ok("event loop", "uvloop")


def open_files(legs: int, limits: tuple[int, int] | None = None) -> Finding:
    """Args: legs: `limits.media.legs`; limits: soft and hard limit of open files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE) if limits is None else limits
    most = float("inf") if hard == resource.RLIM_INFINITY else hard
    shown = "unlimited" if most == float("inf") else str(hard)
    found = f"{soft} at the start, raised to {shown}"
    # A leg takes an RTP and an RTCP socket, and perhaps an agent's.
    needed = 3 * legs + 1_000
    if most < 1_024:
        return fail("open files", found, f"raise the hard limit (ulimit -Hn) to {needed}")
    if most < needed:
        enough = int((most - 1_000) // 3) if most > 1_300 else 100
        fix = f"enough for {enough} legs; raise the hard limit (ulimit -Hn) to {needed} for all {legs}"
        return warn("open files", found, fix)
    return ok("open files", found)


def clock(wall: float, state: int | None) -> Finding:
    """Args: wall: seconds since the epoch; state: of `adjtimex`, None where it cannot be asked."""
    try:
        found = f"{datetime.fromtimestamp(wall).astimezone():%Y-%m-%d %H:%M:%S %Z}"
    except (OverflowError, ValueError, OSError):
        found = f"{wall} s since the epoch"
    if wall < _EPOCH:
        return fail("clock", found, "set the clock: registrations and certificates depend on it")
    if state == _TIME_ERROR:
        return warn(
            "clock", f"{found}, not synchronized", "run an NTP client, such as systemd-timesyncd or chrony"
        )
    return ok("clock", found)


def clock_state() -> int | None:
    """What `adjtimex(2)` says of the kernel's clock; None where it cannot be asked."""
    # Larger than the structure on any platform; all zero means: change nothing.
    buffer = ctypes.create_string_buffer(512)
    with contextlib.suppress(OSError, AttributeError):
        state = int(ctypes.CDLL(None).adjtimex(buffer))
        return state if state >= 0 else None
    return None


def tick_lateness(
    now: Callable[[], float] = time.perf_counter, wait: Callable[[float], None] = time.sleep
) -> Finding:
    """Sleep through half a second of audio ticks and see how late the worst one comes."""
    worst = 0.0
    due = now()
    for _ in range(TICKS):
        due += TICK
        wait(max(0.0, due - now()))
        worst = max(worst, now() - due)
    found = f"at most {worst * 1000:.1f} ms late in {TICKS} ticks"
    fix = "free the processor, or give the daemon a core of its own (taskset, nice -n -10)"
    if worst >= LATE_FAIL:
        return fail("tick lateness", found, fix)
    if worst >= LATE_WARN:
        return warn("tick lateness", found, fix)
    return ok("tick lateness", found)


def speech(make: Callable[[], Speaker] = Speaker) -> Finding:
    """Speak a word with the offline TTS."""

    async def speak() -> int:
        async with make() as speaker:
            return (await speaker.speak("one")).milliseconds

    try:
        milliseconds = asyncio.run(speak())
    except (SpeechError, OSError) as error:
        fix = "pip install espeakng-loader, or install espeak-ng; without it there are no spoken prompts"
        return fail("speech", str(error), fix)
    if milliseconds < 50:
        return fail("speech", f"only {milliseconds} ms of audio", "reinstall espeakng-loader")
    return ok("speech", f"espeak-ng spoke {milliseconds} ms")
