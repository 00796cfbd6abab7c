"""Cases of the line: keys, the network, several calls at once, what the agent is told, sample rates."""

from typing import Final

from controlplane.rehearsal.case import GREETS_WITHIN, Case, Room, Skipped, alive, case, fail
from controlplane.rehearsal.stage import LOUD

CASES: Final[list[Case]] = []

WITH_RATE: Final = frozenset({"tandem", "jambonz", "ultravox"})
"Dialects whose audio has the rate that the configuration says."
STRANGE: Final = '{"type":"tandem.rehearsal","event":"tandem.rehearsal","x":[1,{"y":null}]}'
"A message that no agent knows."


# Keys.


@case(CASES, "key", "a key press is survived, and answered if the agent knows it")
async def _key(room: Room) -> str:
    with room.caller() as caller:
        await room.greeted(caller)
        await caller.silence(0.5)
        caller.press("1")
        answered = await caller.spoken_to(4.0)
        alive(caller)
        return "answered" if answered else "no answer"


@case(CASES, "key-in-greeting", "a key press during the greeting is survived")
async def _key_early(room: Room) -> str:
    with room.caller() as caller:
        await room.greeted(caller)
        caller.press("2")
        await caller.wait(2.0)
        alive(caller)
        return ""


@case(CASES, "keys-quick", "all digits in a second are survived")
async def _keys(room: Room) -> str:
    with room.caller() as caller:
        await room.greeted(caller)
        for digit in "1234567800":
            caller.press(digit, 60)
            await caller.wait(0.1)
        await caller.wait(1.0)
        alive(caller)
        return ""


@case(CASES, "key-letters", "the keys A to D are survived")
async def _letters(room: Room) -> str:
    with room.caller() as caller:
        await room.greeted(caller)
        for digit in "ABCD":
            caller.press(digit, 2_000)
        await caller.wait(1.0)
        alive(caller)
        return ""


# The network.


@case(CASES, "gap", "three seconds without a frame are survived")
async def _gap(room: Room) -> str:
    with room.caller() as caller:
        await room.greeted(caller)
        caller.mute = True
        await caller.wait(3.0)
        caller.mute = False
        await caller.wait(1.0)
        alive(caller)
        return ""


@case(CASES, "slow-line", "frames that were left out on a slow line are survived")
async def _slow(room: Room) -> str:
    with room.caller() as caller:
        await room.greeted(caller)
        for _ in range(20):
            caller.mute = not caller.mute
            await caller.wait(0.1)
        caller.mute = False
        caller.speak(room.sounds.speech)
        await caller.wait(2.0)
        alive(caller)
        return ""


@case(CASES, "flood", "ten seconds of audio at once are survived")
async def _flood(room: Room) -> str:
    with room.caller() as caller:
        await room.greeted(caller)
        frame = room.sounds.speech[:160].copy()
        for _ in range(500):
            room.stage.hear_once(caller, frame)
        await caller.wait(2.0)
        alive(caller)
        return ""


@case(CASES, "strange-text", "a message that the agent does not know is ignored")
async def _strange(room: Room) -> str:
    with room.caller() as caller:
        await room.greeted(caller)
        if caller.line is None:
            fail("no line")
        for _ in range(3):
            caller.line.text(STRANGE)
        await caller.wait(1.5)
        alive(caller)
        return ""


@case(CASES, "hang-up", "the caller hangs up in the middle of a word, and the next call is answered")
async def _hangs_up(room: Room) -> str:
    with room.caller() as caller:
        await room.greeted(caller)
        caller.hang_up()
    with room.caller() as caller:
        await room.connect(caller)
        await caller.wait(0.5)
        alive(caller)
        return ""


@case(CASES, "hang-up-early", "ten callers who hang up at once, and the next call is answered")
async def _hangs_up_early(room: Room) -> str:
    for _ in range(10):
        with room.caller() as caller:
            caller.dial(room.spec, {})
            await caller.wait(0.06)
            caller.hang_up()
    with room.caller() as caller:
        await room.connect(caller)
        await caller.wait(0.5)
        alive(caller)
        return ""


@case(CASES, "line-lost", "a socket that is closed under the agent does not harm the next call")
async def _lost(room: Room) -> str:
    with room.caller() as caller:
        await room.greeted(caller)
        if caller.line is not None:
            caller.line.close(1001)
        await caller.wait(0.5)
    with room.caller() as caller:
        await room.connect(caller)
        await caller.wait(0.5)
        alive(caller)
        return ""


# More than one.


@case(CASES, "two-calls", "two callers at once are both served")
async def _two(room: Room) -> str:
    with room.caller() as one, room.caller() as two:
        await room.connect(one)
        await room.connect(two)
        greeted = [await caller.spoken_to(GREETS_WITHIN) for caller in (one, two)]
        alive(one)
        alive(two)
        if any(greeted) and not all(greeted) and max(one.heard) <= LOUD:
            fail("only one of them was greeted")
        return ""


@case(CASES, "one-call-ends", "the end of one call leaves the other alone")
async def _independent(room: Room) -> str:
    with room.caller() as one:
        await room.connect(one)
        with room.caller() as two:
            await room.connect(two)
            await two.wait(0.3)
        await one.wait(1.5)
        alive(one)
        return ""


@case(CASES, "same-call-again", "a second stream of the same call is taken")
async def _again(room: Room) -> str:
    with room.caller() as caller:
        await room.connect(caller)
        await caller.wait(0.3)
        caller.hang_up()
        caller.events.clear()
        await room.connect(caller)
        await caller.wait(1.0)
        alive(caller)
        return ""


# What the agent is told.


def _told(name: str, shows: str, parameters: dict[str, str]) -> None:
    @case(CASES, name, shows)
    async def _act(room: Room) -> str:
        with room.caller() as caller:
            await room.connect(caller, parameters)
            await caller.wait(1.0)
            alive(caller)
            return ""


_told("anonymous", "a caller without a number is served", {"from": "", "to": ""})
_told("names", "names in any script are survived", {"caller_name": 'Zoë "Ω" 李 🦊\\', "note": "a\nb\tc"})
_told("long-parameter", "a parameter of 4,000 characters is survived", {"note": "x" * 4_000})
_told("many-parameters", "a hundred parameters are survived", {f"p{n}": str(n) for n in range(100)})


def _rate(rate: int) -> None:
    @case(CASES, f"rate-{rate // 1000}k", f"audio at {rate // 1000} kHz")
    async def _act(room: Room) -> str:
        wide = room.spec.options.audio == "pcm"
        if room.spec.dialect not in WITH_RATE and not (wide and room.spec.dialect != "openai"):
            raise Skipped(f"{room.spec.dialect} has its own rate")
        with room.caller() as caller:
            await room.connect(caller, sample_rate=rate)
            heard = await caller.spoken_to(GREETS_WITHIN)
            alive(caller)
            return "heard" if heard else "connected"


for _hertz in (8_000, 16_000, 24_000):
    _rate(_hertz)
