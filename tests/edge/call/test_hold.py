"""Hold with music, from either side of a bridge (RFC 3264 §8.4)."""

import pytest

from edge.sip.message import Request
from media import port
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone, final


@pytest.fixture
def bench() -> Bench:
    directory = FakeDirectory(prompts={"hold-music": "/prompts/hold-music.wav"})
    directory.add_user("1001")
    directory.add_user("1002")
    return Bench(directory)


def connected(bench: Bench) -> tuple[Phone, Phone]:
    """1001 talks to 1002; either phone can say something in its dialog by `reoffer`."""
    alice, bob = Phone(bench, "1001"), Phone(bench, "1002", 3)
    bob.register()
    alice.dial("1002")
    (invite,) = bob.got()
    assert isinstance(invite, Request)
    bob.reply(invite, 200, bob.sdp())
    answer = final(alice.got())
    alice.to, alice.remote = answer.headers.get("To") or "", str(answer.contacts[0].uri)
    alice.ack(answer)
    bob.call_id, bob.remote, bob.to = (
        invite.call_id,
        str(invite.contacts[0].uri),
        invite.headers.get("From") or "",
    )
    bob.got()
    return alice, bob


def reoffer(phone: Phone, direction: str) -> None:
    phone.say("INVITE", phone.remote, to=phone.to, body=phone.sdp() + f"a={direction}\r\n")
    phone.ack(final(phone.got()))


def test_a_held_callee_hears_the_loop_until_the_caller_is_back(bench: Bench) -> None:
    alice, _ = connected(bench)
    reoffer(alice, "sendonly")
    (play,) = bench.commanded(port.Play)
    (bridge,) = bench.commanded(port.Bridge)
    assert isinstance(play, port.Play) and isinstance(bridge, port.Bridge)
    assert play == port.Play(bridge.peer, "hold", "/prompts/hold-music.wav", loop=True)
    reoffer(alice, "sendrecv")
    assert bench.commanded(port.StopPlay) == [port.StopPlay(bridge.peer, "hold")]


def test_a_held_caller_hears_it_as_well_and_only_once(bench: Bench) -> None:
    _, bob = connected(bench)
    reoffer(bob, "inactive")
    reoffer(bob, "sendonly")
    (play,) = bench.commanded(port.Play)
    (bridge,) = bench.commanded(port.Bridge)
    assert isinstance(play, port.Play) and isinstance(bridge, port.Bridge) and play.leg == bridge.leg


def test_both_may_hold_each_other(bench: Bench) -> None:
    alice, bob = connected(bench)
    reoffer(alice, "sendonly")
    reoffer(bob, "sendonly")
    assert len(bench.commanded(port.Play)) == 2
    reoffer(alice, "sendrecv")
    assert len(bench.commanded(port.StopPlay)) == 1


@pytest.mark.parametrize(("music", "path"), [("", None), ("/music/ours.wav", "/music/ours.wav")])
def test_the_account_says_what_is_heard(bench: Bench, music: str, path: str | None) -> None:
    bench.directory.hold_music = music
    alice, _ = connected(bench)
    reoffer(alice, "sendonly")
    paths = [play.path for play in bench.commanded(port.Play) if isinstance(play, port.Play)]
    assert paths == ([path] if path else [])


def test_a_hold_by_re_invite_without_offer_is_seen_in_its_ack(bench: Bench) -> None:
    """RFC 3261 §14.1: our 200 offers, the ACK answers."""
    alice, _ = connected(bench)
    alice.say("INVITE", alice.remote, to=alice.to)
    alice.ack(final(alice.got()), body=alice.sdp() + "a=sendonly\r\n")
    assert len(bench.commanded(port.Play)) == 1
