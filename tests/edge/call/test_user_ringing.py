"""The devices of a user: all at once or one after another, and what becomes of those that are out."""

from dataclasses import replace

import pytest

from edge.call.refused import rank
from edge.sip.message import Request, Response
from media import port
from tests.support.directory import FakeDirectory
from tests.support.edge import SDP, Bench, Phone, final


@pytest.fixture
def bench() -> Bench:
    directory = FakeDirectory()
    directory.add_user("1001")
    directory.add_user("1002")
    directory.extensions["77"] = directory.extensions["*43"]
    return Bench(directory)


def forked(bench: Bench, ring: str = "parallel") -> tuple[Phone, list[Phone]]:
    """1001 calls 1010, who has two phones."""
    bench.directory.add_user("1010", "desk", "mobile")
    bench.directory.users["1010"] = replace(bench.directory.users["1010"], ring=ring)
    phones = [Phone(bench, "desk", 3), Phone(bench, "mobile", 4)]
    for phone in phones:
        phone.register()
    caller = Phone(bench, "1001")
    caller.dial("1010")
    return caller, phones


UNUSABLE = {
    "no common codec": (SDP.replace("AVP 0 8 101", "AVP 18"), 488),
    "refused audio": (SDP.replace("m=audio {port}", "m=audio 0"), 488),
    "no SDP": ("", 488),
    "unreadable": ("hello", 502),
}


@pytest.mark.parametrize("ring", ["parallel", "sequential"])
@pytest.mark.parametrize("what", UNUSABLE)
def test_a_phone_that_answers_without_usable_audio_leaves_the_call_to_the_others(
    bench: Bench, what: str, ring: str
) -> None:
    caller, (desk, mobile) = forked(bench, ring)
    body, _ = UNUSABLE[what]
    desk.reply(invited(desk), 200, body.format(host=desk.source[0], port=40_000))
    ack, bye = desk.got()
    assert (
        isinstance(ack, Request) and isinstance(bye, Request) and (ack.method, bye.method) == ("ACK", "BYE")
    )
    assert "cause=488" in (bye.headers.get("Reason") or "")
    desk.reply(bye, 200)
    assert not [m for m in caller.got() if isinstance(m, Response) and m.status >= 200], "the other one rings"
    invite = invited(mobile)
    mobile.reply(invite, 180)
    mobile.reply(invite, 200, mobile.sdp(50_000))
    success = final(caller.got())
    assert success.status == 200
    remotes = {c.remote for c in bench.commanded(port.Connect) if isinstance(c, port.Connect)}
    assert remotes == {(caller.source[0], 40_000), (mobile.source[0], 50_000)}
    caller.ack(success)
    caller.say("BYE", str(success.contacts[0].uri), to=success.headers.get("To") or "")
    bench.advance(70.0)
    assert bench.idle()


@pytest.mark.parametrize("what", UNUSABLE)
@pytest.mark.parametrize("other", [480, 503, 486])
def test_when_all_are_out_the_best_of_their_answers_is_told_an_unusable_one_among_them(
    bench: Bench, what: str, other: int
) -> None:
    caller, (desk, mobile) = forked(bench)
    body, told = UNUSABLE[what]
    desk.reply(invited(desk), 200, body.format(host=desk.source[0], port=40_000))
    mobile.reply(invited(mobile), other)
    best = min(told, other, key=rank)
    assert final(caller.got()).status == best


def test_a_phone_that_rings_in_sequence_is_not_bound_to_the_early_media_of_the_one_before(
    bench: Bench,
) -> None:
    caller, (desk, mobile) = forked(bench, "sequential")
    invite = invited(desk)
    desk.reply(invite, 183, desk.sdp())
    desk.reply(invite, 486)
    second = invited(mobile)
    assert sdp_codecs(second) == sdp_codecs(invite), "all of them are offered again"
    mobile.reply(second, 200, "")
    assert final(caller.got()).status == 486, "the audio of the first phone is none of the second"


def invited(phone: Phone) -> Request:
    (invite,) = [m for m in phone.got() if isinstance(m, Request) and m.method == "INVITE"]
    return invite


def sdp_codecs(request: Request) -> bytes:
    (line,) = [line for line in request.body.splitlines() if line.startswith(b"m=audio")]
    return line


def test_of_several_targets_of_a_redirection_the_preferred_one_is_called(bench: Bench) -> None:
    """RFC 3261 §8.1.3.4."""
    caller, bob = Phone(bench, "1001"), Phone(bench, "1002", 3)
    bob.register()
    caller.dial("1002")
    (invite,) = bob.got()
    assert isinstance(invite, Request)
    bob.reply(invite, 302, contact="sip:1001@demo.local>;q=0.1, <sip:77@demo.local")
    assert final(caller.got()).status == 200, "77 is an echo"
