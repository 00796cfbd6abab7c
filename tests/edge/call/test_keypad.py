"""Keys that leave by SIP INFO: to whom, in what order, and what becomes of those that are refused."""

import pytest

from edge.sip.message import Request
from media import port
from media.port import Connect, DigitDue, HearDigit, LegId, SendDigits
from tests.support.edge import Phone, final
from tests.support.trio import Trio

BARE = "v=0\r\no=- 1 1 IN IP4 127.0.0.3\r\ns=-\r\nc=IN IP4 127.0.0.3\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n"
METHODS = "Allow: INVITE, ACK, BYE, CANCEL, INFO\r\n"
ALLOW = METHODS + "Accept: application/sdp, application/dtmf-relay\r\n"
RELAY = "Signal={}\r\nDuration=160\r\n"


def up(headers: str, body: str = BARE) -> tuple[Trio, LegId]:
    """Bob has answered so; the leg by which he is heard."""
    trio = Trio()
    trio.alice.dial("1002")
    (invite,) = trio.bob.got()
    assert isinstance(invite, Request)
    trio.bob.reply(invite, 200, body, headers=headers)
    success = final(trio.alice.got())
    trio.alice.to, trio.alice.remote = success.headers.get("To") or "", str(success.contacts[0].uri)
    trio.alice.ack(success)
    trio.bob.got()
    connect = trio.commanded(Connect)[0]
    assert isinstance(connect, Connect)
    return trio, connect.leg


def informed(phone: Phone) -> list[Request]:
    return [message for message in phone.got() if isinstance(message, Request) and message.method == "INFO"]


def due(trio: Trio, leg: LegId, *digits: str) -> None:
    for digit in digits:
        trio.media(DigitDue(leg, digit, 160))


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        (ALLOW, BARE, (True, None)),
        (METHODS, BARE, (False, None)),
        (METHODS + "Accept: application/dtmf\r\n", BARE, (True, None)),
        ("Allow: INVITE, ACK, BYE\r\n", BARE, (False, None)),
        ("", BARE, (False, None)),
        ("Recv-Info: dtmf\r\n", BARE, (True, None)),
        ("Recv-Info: \r\n", BARE, (False, None)),
    ],
)
def test_info_is_for_who_reads_keys_there(headers: str, body: str, expected: tuple[bool, None]) -> None:
    """RFC 3261 §20.5, RFC 6086 §4.2: the audio plane knows what else a peer without events takes."""
    trio, _ = up(headers, body)
    first = trio.commanded(Connect)[0]
    assert isinstance(first, Connect) and (first.info, first.dtmf) == expected


def test_who_sends_keys_by_info_is_sent_them_so() -> None:
    trio = Trio()
    trio.alice.dial("1002", body=BARE, headers=METHODS)
    (invite,) = trio.bob.got()
    assert isinstance(invite, Request)
    trio.bob.reply(invite, 200, trio.bob.sdp())
    success = final(trio.alice.got())
    alice, target = trio.alice, str(success.contacts[0].uri)
    alice.to, alice.remote = success.headers.get("To") or "", target
    alice.ack(success)
    caller = trio.commanded(Connect)[1]
    assert isinstance(caller, Connect) and not caller.info
    alice.say("INFO", target, to=alice.to, body="5", content_type="application/dtmf")
    again = trio.commanded(Connect)[-1]
    assert isinstance(again, Connect) and again.leg == caller.leg and again.info
    assert trio.commanded(HearDigit)
    alice.got()
    due(trio, caller.leg, "7")
    (info,) = informed(alice)
    assert (info.headers.get("Content-Type"), info.body) == ("application/dtmf", b"7")


def test_of_a_caller_the_invite_tells() -> None:
    trio = Trio()
    trio.alice.dial("1002", body=BARE, headers=ALLOW)
    (invite,) = trio.bob.got()
    assert isinstance(invite, Request)
    trio.bob.reply(invite, 200, trio.bob.sdp())
    callee, caller = trio.commanded(Connect)[:2]
    assert isinstance(caller, Connect) and isinstance(callee, Connect)
    assert caller.info and caller.dtmf is None and not callee.info and callee.dtmf == 101


def test_a_key_goes_when_the_one_before_is_answered() -> None:
    """RFC 3261 §12.2.2: of two under way the second might come first."""
    trio, leg = up(ALLOW)
    due(trio, leg, "5", "#", "!")
    told: list[str] = []
    for _ in range(3):
        (info,) = informed(trio.bob)
        told.append(info.body.decode())
        assert info.headers.get("Content-Type") == "application/dtmf-relay"
        trio.bob.reply(info, 200)
    assert told == [RELAY.format("5"), RELAY.format("#"), RELAY.format("16")]
    assert informed(trio.bob) == []


@pytest.mark.parametrize("status", [405, 415, 469, 501, 603])
def test_what_is_refused_and_all_later_ones_are_tones(status: int) -> None:
    trio, leg = up(ALLOW)
    due(trio, leg, "1", "2")
    (info,) = informed(trio.bob)
    trio.bob.reply(info, status)
    due(trio, leg, "3")
    assert informed(trio.bob) == []
    assert trio.commanded(SendDigits) == [SendDigits(leg, digit, 160, tones=True) for digit in "123"]


def test_who_takes_bare_keys_gets_them_so() -> None:
    trio, leg = up(METHODS + "Accept: application/sdp, application/dtmf\r\n")
    due(trio, leg, "#")
    (info,) = informed(trio.bob)
    assert (info.headers.get("Content-Type"), info.body) == ("application/dtmf", b"11")


def test_and_so_who_says_it_in_a_415() -> None:
    """RFC 3261 §21.4.13."""
    trio, leg = up(ALLOW)
    due(trio, leg, "7")
    for _ in range(2):
        (info,) = informed(trio.bob)
        trio.bob.reply(info, 415, headers="Accept: application/dtmf\r\n")
    assert (info.headers.get("Content-Type"), info.body) == ("application/dtmf", b"7")
    assert trio.commanded(SendDigits) == [SendDigits(leg, "7", 160, tones=True)]


def test_who_names_a_package_gets_it() -> None:
    """RFC 6086 §4.1."""
    trio, leg = up("Recv-Info: foo, dtmf\r\n")
    due(trio, leg, "7")
    (info,) = informed(trio.bob)
    assert (info.headers.get("Info-Package"), info.headers.get("Content-Disposition")) == (
        "dtmf",
        "Info-Package",
    )


def test_of_keys_that_are_answered_late_as_many_wait_as_may() -> None:
    trio, leg = up(ALLOW)
    most = trio.limits.keys_waiting
    due(trio, leg, *"1" * (most + 5))
    sent = 0
    while infos := informed(trio.bob):
        sent += len(infos)
        trio.bob.reply(infos[0], 200)
    assert sent == most


def test_nothing_waits_once_the_call_is_over() -> None:
    trio, leg = up(ALLOW)
    due(trio, leg, "1", "2")
    (info,) = informed(trio.bob)
    trio.alice.bye()
    trio.bob.reply(info, 481)
    bye = [message for message in trio.bob.got() if isinstance(message, Request)]
    assert [message.method for message in bye] == ["BYE"]
    trio.bob.reply(bye[0], 200)
    trio.advance(40)
    assert trio.idle() and informed(trio.bob) == []


def test_a_flash_that_comes_is_for_the_audio_plane() -> None:
    trio, _ = up(ALLOW)
    alice = trio.alice
    alice.say("INFO", alice.remote, to=alice.to, body="Signal=hf\r\n", content_type="application/dtmf-relay")
    (heard,) = trio.commanded(port.HearDigit)
    assert isinstance(heard, port.HearDigit) and heard.digit == "!"
