"""Rooms, on a hand clock: what every member hears, in numbers (S004-39)."""

import numpy as np
import pytest
from numpy.typing import NDArray

from media.port import (
    Adjust,
    Bridge,
    ChangeRole,
    Detach,
    Direction,
    Join,
    Joined,
    LegId,
    Release,
    Role,
    RoomId,
    SpeechStarted,
    StopPlay,
    Tone,
)
from tests.support.phone import PCMA, PCMU, Phone, Studio, signal_to_noise, tone

ROOM = RoomId("acc/room")
Samples = NDArray[np.int16]

QUIETLY = 0.08
"Of full scale: ten of them do not clip."


def voice(seconds: float) -> Samples:
    """Harmonics of 120 Hz whose level swings as syllables do: near enough to a voice."""
    time = np.arange(int(seconds * 8000)) / 8000
    pitch = 2 * np.pi * np.cumsum(120 + 15 * np.sin(2 * np.pi * 2.5 * time)) / 8000
    buzz = sum(np.sin(k * pitch) / k for k in range(1, 14))
    return (6000 * buzz * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * time))).astype(np.int16)


def convene(studio: Studio, count: int) -> list[Phone]:
    """Phones of alternating codecs in one room, each a little later than the one before it."""
    phones = []
    for number in range(count):
        phone = studio.phone(f"leg{number}", law=(PCMU, PCMA)[number % 2])
        phone.next_at += 0.0043 * number
        phones.append(phone)
        studio.engine.execute(Join(phone.leg, ROOM))
    return phones


def at(frequency: float, heard: Samples) -> float:
    """Amplitude of a tone, of full scale."""
    time = np.arange(len(heard)) / 8000
    wave = np.exp(-2j * np.pi * frequency * time) * np.hanning(len(heard)) * 2
    return float(2 * abs(np.mean(heard * wave)) / 32767)


def decibels(ratio: float) -> float:
    return float(20 * np.log10(max(ratio, 1e-9)))


def steepest(heard: Samples) -> float:
    """The largest bend between three samples, of full scale: a click has a large one."""
    wide = heard.astype(np.float64)
    return float(np.abs(np.diff(wide, 2)).max() / 32767)


@pytest.mark.parametrize("count", [2, 3, 10])
def test_everybody_hears_all_others_at_their_level_and_never_itself(count: int) -> None:
    """S004-39: N legs of mixed codecs, mixed N-1."""
    studio = Studio(legs=count)
    phones = convene(studio, count)
    pitches = [400.0 + 190 * number for number in range(count)]
    for phone, pitch in zip(phones, pitches, strict=True):
        phone.say(tone(pitch, 2.0, QUIETLY))
    studio.run(2.0)
    for number, phone in enumerate(phones):
        heard = phone.heard()[-8000:]
        for other, pitch in enumerate(pitches):
            level = decibels(at(pitch, heard) / QUIETLY)
            if other == number:
                assert level < -40, f"{phone.name} hears itself"
            else:
                assert abs(level) < 0.3, f"{phone.name} hears {other} at {level:.1f} dB"


def test_ten_loud_members_are_made_softer_not_clipped() -> None:
    studio = Studio(legs=12)
    phones = convene(studio, 11)
    for phone in phones[1:]:
        phone.say(tone(440, 1.5, 0.4))
    studio.run(1.5)
    heard = phones[0].heard()[-6400:-800]
    assert 0.85 < np.abs(heard.astype(int)).max() / 32767 <= 1
    # Clipped, the third harmonic would be only 10 dB below.
    assert decibels(at(1320, heard) / at(440, heard)) < -30
    assert steepest(phones[0].heard()[1600:-800]) < 0.3


def test_one_speaker_is_heard_as_clean_as_over_a_bridge() -> None:
    studio = Studio()
    phones = convene(studio, 3)
    spoken = tone(440, 1.5)
    phones[0].say(spoken)
    studio.run(1.7)
    for phone in phones[1:]:
        assert signal_to_noise(phone.heard(), spoken[1600:8000]) > 32
    assert at(440, phones[0].heard()[400:]) < 0.001


def test_members_of_two_rooms_do_not_hear_each_other() -> None:
    studio = Studio()
    phones = convene(studio, 4)
    for phone in phones[2:]:
        studio.engine.execute(Join(phone.leg, RoomId("other")))
    phones[0].say(tone(500, 0.6))
    phones[2].say(tone(900, 0.6))
    studio.run(0.7)
    assert at(500, phones[1].heard()[2400:4000]) > 0.25 and at(900, phones[1].heard()[2400:4000]) < 0.001
    assert at(900, phones[3].heard()[2400:4000]) > 0.25 and at(500, phones[3].heard()[2400:4000]) < 0.001


def test_joining_and_leaving_in_the_midst_of_speech_clicks_for_nobody() -> None:
    """A click bends as much as the speech is loud; the tone bends by 0.02, its companding by 0.04."""
    studio = Studio()
    phones = convene(studio, 3)
    for phone in phones[:2]:
        phone.say(tone(300, 3.0))
    studio.run(0.513)
    studio.engine.execute(Detach(phones[2].leg))
    for wait in (0.207, 0.311, 0.402, 0.108):
        studio.engine.execute(Join(phones[2].leg, ROOM))
        studio.run(wait)
        studio.engine.execute(Detach(phones[0].leg))
        studio.run(wait)
        studio.engine.execute(Join(phones[0].leg, ROOM))
        studio.run(wait + 0.005)
    studio.engine.execute(Release(phones[0].leg))
    studio.run(0.3)
    assert steepest(phones[1].heard()) < 0.08
    assert at(300, phones[1].heard()[-400:]) < 0.001


def test_a_bridge_becomes_a_room_without_a_gap_or_a_click() -> None:
    studio = Studio()
    first, second, supervisor = (studio.phone(name) for name in ("a", "b", "s"))
    second.next_at += 0.011
    studio.engine.execute(Bridge(first.leg, second.leg))
    first.say(tone(300, 2.0))
    second.say(tone(310, 2.0))
    studio.run(0.9)
    studio.engine.execute(Join(first.leg, ROOM, partner=True))
    studio.engine.execute(Join(supervisor.leg, ROOM, Role(speaks=False)))
    studio.run(1.0)
    for phone in (first, second):
        heard = phone.heard()[1600:14000]
        assert steepest(heard) < 0.05
        # No frame is missing: a gap would leave less of the tone.
        assert abs(decibels(at(310 if phone is first else 300, heard) / 0.3)) < 0.2
        sequence = [packet.sequence for _, packet in phone.received]
        assert sequence == list(range(sequence[0], sequence[0] + len(sequence)))
        assert not any(packet.marker for _, packet in phone.received[20:])
    assert at(300, supervisor.heard()[-4000:]) > 0.25 and at(310, supervisor.heard()[-4000:]) > 0.25
    assert len(studio.of(Joined)) == 3 and studio.of(Joined)[-1].members == 3


def test_who_coaches_is_heard_by_one_alone_and_can_change_that() -> None:
    studio = Studio()
    caller, agent, supervisor = convene(studio, 3)
    coach = Role(only=agent.leg)
    studio.engine.execute(ChangeRole(supervisor.leg, coach))
    supervisor.say(tone(500, 4.0))
    caller.say(tone(800, 4.0))
    studio.run(1.0)
    assert at(500, agent.heard()[-3200:]) > 0.25, "the agent is coached"
    assert at(500, caller.heard()[-6400:]) < 0.001, "the caller never hears it"
    assert at(800, supervisor.heard()[-3200:]) > 0.25, "the coach hears both"
    studio.engine.execute(ChangeRole(supervisor.leg, Role()))
    studio.run(1.0)
    assert at(500, caller.heard()[-3200:]) > 0.25 and at(500, agent.heard()[-3200:]) > 0.25
    studio.engine.execute(ChangeRole(supervisor.leg, Role(speaks=False)))
    studio.run(0.5)
    assert at(500, caller.heard()[-1600:]) < 0.001 and at(500, agent.heard()[-1600:]) < 0.001
    assert steepest(caller.heard()) < 0.12 and steepest(agent.heard()) < 0.21


def test_a_coach_whose_listener_has_gone_is_heard_by_nobody() -> None:
    studio = Studio()
    caller, agent, supervisor = convene(studio, 3)
    studio.engine.execute(ChangeRole(supervisor.leg, Role(only=agent.leg)))
    supervisor.say(tone(500, 2.0))
    studio.run(0.5)
    studio.engine.execute(Release(agent.leg))
    stranger = studio.phone("stranger")
    studio.engine.execute(Join(stranger.leg, ROOM))
    studio.run(0.5)
    assert at(500, caller.heard()) < 0.001 and at(500, stranger.heard()[-3000:]) < 0.001


def test_the_deaf_hear_nothing_and_the_mute_are_not_heard() -> None:
    studio = Studio()
    phones = convene(studio, 3)
    for phone, pitch in zip(phones, (400.0, 700.0, 1000.0), strict=True):
        phone.say(tone(pitch, 3.0, 0.2))
    studio.run(0.5)
    studio.engine.execute(ChangeRole(phones[0].leg, Role(hears=False)))
    studio.engine.execute(ChangeRole(phones[1].leg, Role(speaks=False)))
    studio.run(0.5)
    assert not phones[0].heard()[-1600:].any()
    assert at(700, phones[2].heard()[-1600:]) < 0.001 and at(400, phones[2].heard()[-1600:]) > 0.15
    studio.engine.execute(ChangeRole(phones[1].leg, Role()))
    studio.engine.execute(ChangeRole(phones[0].leg, Role()))
    studio.run(0.5)
    assert at(700, phones[2].heard()[-1600:]) > 0.15 and at(1000, phones[0].heard()[-1600:]) > 0.15
    assert all(steepest(phone.heard()) < 0.35 for phone in phones)


def test_a_leg_made_softer_or_mute_is_so_for_room_and_bridge_alike() -> None:
    studio = Studio()
    first, second = convene(studio, 2)
    studio.engine.execute(Adjust(first.leg, gain_db=-6.0))
    first.say(tone(600, 3.0))
    studio.run(0.6)
    assert abs(decibels(at(600, second.heard()[-2400:]) / 0.3) + 6) < 0.3
    studio.engine.execute(Bridge(first.leg, second.leg))
    studio.run(0.6)
    assert abs(decibels(at(600, second.heard()[-2400:]) / 0.3) + 6) < 0.3
    studio.engine.execute(Adjust(first.leg, muted=True))
    studio.run(0.4)
    assert at(600, second.heard()[-1600:]) < 0.001
    studio.engine.execute(Adjust(first.leg))
    studio.run(0.4)
    assert abs(decibels(at(600, second.heard()[-1600:]) / 0.3)) < 0.3


def test_those_present_hear_others_come_and_go() -> None:
    studio = Studio()
    first, second = (studio.phone(name) for name in ("a", "b"))
    studio.engine.execute(Join(first.leg, ROOM, chimes=True))
    studio.run(0.5)
    assert not first.heard()[400:].any(), "nobody was there to hear it"
    studio.engine.execute(Join(second.leg, ROOM, chimes=True))
    studio.run(0.6)
    came = first.heard()[-4800:]
    assert at(523, came[:2400]) > 0.01 and at(784, came[:2400]) > 0.01
    assert steepest(first.heard()) < 0.12
    studio.engine.execute(Release(second.leg))
    studio.run(0.6)
    went = first.heard()[-4800:]
    assert at(784, went[:1600]) > at(784, went[2000:3600])
    assert not went[-1200:].any()


def test_a_prompt_is_heard_by_one_member_while_the_others_go_on() -> None:
    studio = Studio()
    phones = convene(studio, 3)
    phones[0].say(tone(500, 3.0))
    studio.run(0.4)
    studio.engine.execute(Tone(phones[1].leg, "t", (1500.0,), ()))
    studio.run(0.4)
    assert at(1500, phones[1].heard()[-1600:]) > 0.05 and at(500, phones[1].heard()[-1600:]) < 0.003
    assert at(500, phones[2].heard()[-1600:]) > 0.25 and at(1500, phones[2].heard()[-1600:]) < 0.001
    studio.engine.execute(StopPlay(phones[1].leg))
    studio.run(0.4)
    assert at(500, phones[1].heard()[-1600:]) > 0.25
    assert steepest(phones[2].heard()) < 0.08


def test_members_that_speak_are_told_of() -> None:
    studio = Studio()
    phones = convene(studio, 2)
    studio.run(0.5)
    phones[0].say(voice(1.0))
    studio.run(1.0)
    assert [event.leg for event in studio.of(SpeechStarted)] == [phones[0].leg]


def test_a_held_member_is_silent_in_the_room_and_comes_back() -> None:
    studio = Studio()
    phones = convene(studio, 2)
    phones[0].say(tone(500, 2.0))
    studio.run(0.5)
    phones[0].connect(Direction.SENDONLY)
    studio.run(0.5)
    assert at(500, phones[1].heard()[-1600:]) < 0.001
    phones[0].connect()
    studio.run(0.5)
    assert at(500, phones[1].heard()[-1600:]) > 0.25


def test_a_clock_that_runs_fast_is_heard_in_a_room_without_growing_delay() -> None:
    """200 ppm pass through a whole packet in 100 s; here 2,000 ppm do it in 10 s."""
    studio = Studio()
    phones = convene(studio, 2)
    phones[0].clock_error = 0.002
    phones[0].say(tone(400, 30.0))
    studio.run(29.0)
    heard = phones[1].heard()[4000:]
    seconds = heard[: len(heard) // 1600 * 1600].reshape(-1, 1600)
    assert min(at(400, second) for second in seconds) > 0.2
    last = np.flatnonzero(heard)[-1]
    assert len(heard) - last < 8000


def test_a_room_is_gone_with_its_last_member() -> None:
    studio = Studio()
    phones = convene(studio, 2)
    assert len(studio.engine._rooms) == 1
    for phone in phones:
        studio.engine.execute(Detach(phone.leg))
    assert len(studio.engine._rooms) == 0
    studio.run(0.2)
    studio.engine.execute(ChangeRole(LegId("leg0"), Role()))
