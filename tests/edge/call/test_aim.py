"""Where the audio of a leg goes when its peer names a host instead of an address (RFC 8866 §5.7)."""

import pytest

from edge.sip.message import Response
from media import port
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone, final


@pytest.fixture
def bench() -> Bench:
    directory = FakeDirectory()
    directory.add_user("1001")
    return Bench(directory)


def dialled(bench: Bench, host: str) -> Response:
    phone = Phone(bench, "1001")
    phone_sdp = phone.sdp().replace(f"c=IN IP4 {phone.source[0]}", f"c=IN IP4 {host}")
    answer = final(phone.dial("*43", phone_sdp))
    if answer.status == 200:
        phone.ack(answer)
    return answer


def aimed(bench: Bench) -> list[tuple[tuple[str, int], port.Direction]]:
    return [(c.remote, c.direction) for c in bench.commands if isinstance(c, port.Connect)]


def test_a_host_is_looked_up_and_until_then_whoever_sends_is_answered(bench: Bench) -> None:
    bench.hosts["media.phone.example"] = "192.0.2.7"
    assert dialled(bench, "media.phone.example").status == 200
    waiting, found = aimed(bench)[:2]
    assert waiting == (("0.0.0.0", 40_000), port.Direction.SENDRECV)
    assert found == (("192.0.2.7", 40_000), port.Direction.SENDRECV)


@pytest.mark.parametrize("address", [None, "2001:db8::7", "224.0.0.1"])
def test_a_host_that_leads_nowhere_leaves_the_call_up(bench: Bench, address: str | None) -> None:
    bench.hosts["media.phone.example"] = address
    assert dialled(bench, "media.phone.example").status == 200 and len(bench.switch.calls) == 1
    assert {remote for remote, _ in aimed(bench)} == {("0.0.0.0", 40_000)}


def test_a_name_that_never_resolves_is_the_hold_of_ipv6(bench: Bench) -> None:
    """RFC 3264 §8.4."""
    assert dialled(bench, "unknown.invalid").status == 200
    assert aimed(bench)[0] == (("0.0.0.0", 40_000), port.Direction.RECVONLY)


def test_a_mistyped_address_is_still_refused(bench: Bench) -> None:
    assert dialled(bench, "192.0.2.300").status == 488
