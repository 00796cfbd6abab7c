"""Rooms of mixed codecs: everybody hears everybody as well as both can."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from media.codec.table import NUMBER, Decoder, wide
from media.columns import LegColumns
from media.conference import Rooms
from media.mix import make_mix
from media.port import (
    AgentSpec,
    AttachAgent,
    ChangeRole,
    Codec,
    Connect,
    Detach,
    Join,
    Role,
    RoomId,
)
from tests.support.phone import DTMF, PCMU, Phone, Studio, tone

ROOM = RoomId("acc/room")
L16, G722 = Codec("l16", 96, 16_000), Codec("g722", 9)
Samples = NDArray[np.int16]


def pitch(hertz: float, seconds: float, level: float = 0.2) -> Samples:
    """A tone at 16 kHz."""
    samples: NDArray[np.float64] = np.sin(2 * np.pi * hertz / 16_000 * np.arange(int(seconds * 16_000)))
    return (level * 32767 * samples).astype(np.int16)


def at(hertz: float, heard: Samples, rate: int = 16_000) -> float:
    """Amplitude of a tone, of full scale."""
    wave = np.exp(-2j * np.pi * hertz / rate * np.arange(len(heard))) * np.hanning(len(heard)) * 2
    return float(2 * abs(np.mean(heard * wave)) / 32767)


def steepest(heard: Samples) -> float:
    return float(np.abs(np.diff(heard.astype(np.float64), 2)).max() / 32767)


class Hall:
    """Wideband phones and others in one room, each a little later than the one before it."""

    def __init__(self, *codecs: Codec, **join: bool) -> None:
        self.studio = Studio()
        self.phones = [self.phone(number, codec) for number, codec in enumerate(codecs)]
        for phone in self.phones:
            self.studio.engine.execute(Join(phone.leg, ROOM, **join))  # type: ignore[arg-type]

    def phone(self, number: int, codec: Codec) -> Phone:
        phone = self.studio.phone(f"leg{number}", law=codec, connect=codec is PCMU)
        if codec is not PCMU:
            accept = (codec, PCMU)
            remote = (phone.host, phone.port)
            self.studio.engine.execute(Connect(phone.leg, remote, codec, accept, DTMF))
        phone.next_at += 0.0043 * number
        return phone

    def say(self, number: int, hertz: float, seconds: float) -> None:
        phone = self.phones[number]
        if phone.law is PCMU:
            phone.say(tone(hertz, seconds, 0.2))
        else:
            encoder = wide(NUMBER[phone.law.name]).encoder()
            frames = pitch(hertz, seconds).reshape(-1, 320)
            step = phone.law.clock_rate // 50
            phone.script += [encoder.encode(frame) for frame in frames]
            phone.send = _stepping(phone.send, step)  # type: ignore[method-assign]

    def heard(self, number: int, seconds: float) -> Samples:
        """Lately; at 8 kHz of a G.711 phone, else at 16 kHz."""
        phone = self.phones[number]
        if phone.law is PCMU:
            return phone.heard()[-int(seconds * 8000) :]
        decoder: Decoder = wide(NUMBER[phone.law.name]).decoder()
        kept = [bytes(p.payload) for _, p in phone.received if p.payload_type == phone.law.payload_type]
        return np.concatenate([decoder.decode(frame) for frame in kept])[-int(seconds * 16_000) :]


def _stepping(send: Callable[..., None], samples: int) -> Callable[..., None]:
    return lambda payload, **more: send(payload, **{"samples": samples} | more)


@pytest.mark.parametrize("codec", [L16, G722], ids=["l16", "g722"])
def test_wideband_members_hear_each_other_wideband_and_the_others_as_they_are(codec: Codec) -> None:
    """S004-39."""
    hall = Hall(codec, codec, PCMU, PCMU)
    for number, hertz in enumerate((5200.0, 6100.0, 700.0, 1100.0)):
        hall.say(number, hertz, 1.6)
    hall.studio.run(1.5)
    first, second = hall.heard(0, 0.5), hall.heard(1, 0.5)
    assert at(6100, first) == pytest.approx(0.2, abs=0.02) and at(5200, second) == pytest.approx(
        0.2, abs=0.02
    )
    assert at(5200, first) < 0.004 and at(6100, second) < 0.004, "nobody hears itself"
    for heard in (first, second):
        assert at(700, heard) == pytest.approx(0.2, abs=0.02) and at(1100, heard) == pytest.approx(
            0.2, abs=0.02
        )
    third = hall.heard(2, 0.5)
    assert at(1100, third, 8000) == pytest.approx(0.2, abs=0.02) and at(700, third, 8000) < 0.002
    assert at(2800, third, 8000) < 0.002 and at(1900, third, 8000) < 0.002, "no alias of the upper band"


def test_a_wideband_voice_is_heard_by_g711_members_in_their_band() -> None:
    hall = Hall(L16, PCMU, L16)
    hall.say(0, 900, 1.5)
    hall.studio.run(1.4)
    for number, rate in ((1, 8000), (2, 16_000)):
        assert at(900, hall.heard(number, 0.5), rate) == pytest.approx(0.2, abs=0.01)
    assert at(900, hall.heard(0, 0.5)) < 0.001


def test_members_that_come_and_go_leave_no_click_in_either_band() -> None:
    """A tone of 0.2 at 1.3 kHz bends by 0.05 at 16 kHz; a click as much as the speech is loud."""
    hall = Hall(L16, L16, PCMU)
    engine = hall.studio.engine
    hall.say(0, 1300, 4.6)
    hall.say(2, 300, 4.6)
    hall.studio.run(0.513)
    for wait in (0.207, 0.311, 0.402):
        for phone in (hall.phones[0], hall.phones[2]):
            engine.execute(Detach(phone.leg))
            hall.studio.run(wait)
            engine.execute(Join(phone.leg, ROOM))
            hall.studio.run(wait + 0.005)
    heard = hall.heard(1, 2.0)
    assert at(1300, heard[-4000:]) > 0.15 and steepest(heard) < 0.09


def test_a_coach_with_a_wideband_phone_is_heard_wideband_by_one_alone() -> None:
    hall = Hall(L16, L16, L16, PCMU)
    engine, phones = hall.studio.engine, hall.phones
    engine.execute(ChangeRole(phones[0].leg, Role(only=phones[1].leg)))
    hall.say(0, 5500, 2.0)
    hall.say(3, 600, 2.0)
    hall.studio.run(1.0)
    assert at(5500, hall.heard(1, 0.4)) > 0.18 and at(5500, hall.heard(2, 0.4)) < 0.001
    engine.execute(ChangeRole(phones[3].leg, Role(only=phones[1].leg)))
    hall.studio.run(0.8)
    assert at(600, hall.heard(1, 0.4)) > 0.18 and at(600, hall.heard(2, 0.4)) < 0.001


def test_wideband_members_hear_others_come() -> None:
    hall = Hall(L16, PCMU, chimes=True)
    hall.studio.run(0.5)
    assert at(523, hall.heard(0, 0.5)) > 0.005


def test_a_member_who_goes_over_to_g711_is_heard_on_and_hears() -> None:
    hall = Hall(L16, L16)
    first = hall.phones[0]
    hall.say(1, 5000, 3.0)
    hall.say(0, 6000, 0.6)
    hall.studio.run(0.7)
    assert at(6000, hall.heard(1, 0.3)) > 0.15
    remote = (first.host, first.port)
    hall.studio.engine.execute(Connect(first.leg, remote, PCMU, (PCMU, L16), DTMF))
    first.law = PCMU
    first.send = type(first).send.__get__(first)  # type: ignore[method-assign]
    hall.say(0, 800, 1.5)
    hall.studio.run(1.0)
    assert at(800, hall.heard(1, 0.4)) > 0.15 and at(6000, hall.heard(1, 0.4)) < 0.001
    assert not hall.heard(0, 0.4).any() or at(3000, hall.heard(0, 0.4), 8000) < 0.002


def test_a_wideband_supervisor_hears_an_agent_of_16_khz_as_its_caller_does() -> None:
    hall = Hall()
    studio = hall.studio
    studio.agents.said_wide = pitch(5600, 0.02)
    hall.phones = [hall.phone(0, L16), hall.phone(1, L16), hall.phone(2, PCMU)]
    studio.engine.execute(AttachAgent(hall.phones[0].leg, AgentSpec("a", "tandem", "ws://x"), "c", "a"))
    studio.engine.execute(Join(hall.phones[0].leg, ROOM, partner=True))
    for phone in hall.phones[1:]:
        studio.engine.execute(Join(phone.leg, ROOM, Role(speaks=False)))
    hall.say(0, 6600, 1.2)
    studio.run(1.0)
    heard = hall.heard(1, 0.4)
    assert at(5600, heard) == pytest.approx(0.2, abs=0.01) and at(6600, heard) == pytest.approx(0.2, abs=0.01)
    assert at(5600, hall.heard(0, 0.4)) == pytest.approx(0.2, abs=0.01)
    assert at(2400, hall.heard(2, 0.4), 8000) < 0.002
    studio.engine.execute(Detach(hall.phones[0].leg))
    studio.run(0.3)
    assert steepest(hall.heard(1, 0.5)[:4000]) < 2 and at(5600, hall.heard(1, 0.2)) < 0.001


def test_many_loud_voices_saturate_and_do_not_wrap() -> None:
    hall = Hall(*[L16] * 5)
    for number in range(4):
        hall.phones[number].script += [
            wide(NUMBER["l16"]).encoder().encode(np.full(320, 20_000, np.int16)) for _ in range(50)
        ]
        hall.phones[number].send = _stepping(hall.phones[number].send, 320)  # type: ignore[method-assign]
    hall.studio.run(0.9)
    assert hall.heard(4, 0.2).min() > 32_000


def test_rooms_of_either_kind_and_of_both_are_mixed_in_one_tick() -> None:
    hall = Hall(PCMU, PCMU, PCMU, L16, L16, L16)
    for phone, room in zip(hall.phones, "aabbcc", strict=True):
        hall.studio.engine.execute(Join(phone.leg, RoomId(room)))
    hall.studio.run(0.1)
    hall.studio.engine._table.columns.beat[:] = 0
    hall.studio.engine._table.changed()
    for number, hertz in ((0, 400), (2, 600), (4, 5000)):
        hall.say(number, hertz, 1.2)
    hall.studio.run(1.0)
    for number, hertz, rate in ((1, 400, 8000), (3, 600, 16_000), (5, 5000, 16_000)):
        heard = hall.heard(number, 0.4)
        assert at(hertz, heard, rate) == pytest.approx(0.2, abs=0.02)
        assert all(at(other, heard, rate) < 0.003 for other in (400, 600) if other != hertz)


@pytest.mark.parametrize("seed", range(6))
def test_everybody_hears_the_sum_of_the_other_voices_however_many_there_are(seed: int) -> None:
    """Small rooms and large ones in one group, with silent listeners, against sums made one by one.

    None is too loud: what is, `dsp/limiter.py` makes softer.
    """
    random = np.random.default_rng(seed)
    slots = 80
    columns = LegColumns(slots)
    columns.connected[:] = True
    columns.room[:] = random.choice(
        [-1, 1, 2, 3, 4, 5, 6, 7, 8], slots, p=[0.1, 0.02, 0.03, 0.05, *[0.16] * 5]
    )
    columns.voiced[:] = random.random(slots) < 0.5
    rooms = Rooms(slots, columns)
    rooms._latest[:slots] = said = random.integers(-1_500, 1_500, (slots, 160))
    rooms._ear[:] = rooms._ear_to[:] = 1
    rooms._mixed[:] = 0
    send = np.flatnonzero(random.random(slots) < 0.7)
    members = np.flatnonzero(columns.room[send] >= 0)
    mix = make_mix(columns, send, members, np.zeros(len(send), np.bool_))
    heard, _ = rooms.mix(mix)
    for slot, row in zip(send[members].tolist(), heard, strict=True):
        others = columns.voiced & (columns.room == columns.room[slot]) & (np.arange(slots) != slot)
        assert (row == said[others].sum(axis=0)).all(), slot
