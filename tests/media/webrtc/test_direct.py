"""In place of ICE, for a peer that has none (RFC 5763)."""

import pytest

from media.port import Candidate, IceCredentials, WebRtc
from media.webrtc.direct import DOUBT, Direct
from media.webrtc.stun import Address


def direct(*candidates: Address) -> Direct:
    none = IceCredentials("", "")
    listed = tuple(Candidate(host, port, 0) for host, port in candidates)
    return Direct(WebRtc(none, none, listed, (), active=False, controlling=False, ice=False), 1.0)


def test_a_peer_is_where_its_description_says() -> None:
    path = direct(("192.0.2.7", 4000), ("203.0.113.7", 0))
    assert path.selected == ("192.0.2.7", 4000) and path.selected_at == 1.0
    assert path.take() == [] and path.next_timer_at() is None and not path.failure


@pytest.mark.parametrize("told", [(), (("0.0.0.0", 4000),), (("::", 4000),), (("203.0.113.7", 0),)])
def test_one_that_names_no_address_is_waited_for(told: tuple[Address, ...]) -> None:
    assert direct(*told).selected is None


def test_behind_a_nat_it_is_where_its_handshake_comes_from() -> None:
    path = direct(("192.168.7.7", 4000), ("203.0.113.7", 0))
    assert path.knows(("203.0.113.7", 61_000)) and path.knows(("192.168.7.7", 4000))
    assert path.meets(("203.0.113.7", 61_000), 1.1, secured=False)
    assert (path.selected, path.selected_at) == (("203.0.113.7", 61_000), 1.1)
    assert path.meets(("203.0.113.7", 61_000), 3.0, secured=True)
    assert path.selected_at == 1.1, "nothing is new"
    assert not path.mistook(), "what fails with a host that was named has failed"


def test_a_host_that_nobody_has_named_is_met_if_no_other_comes_for_a_while() -> None:
    stranger = ("198.51.100.9", 4000)
    path = direct(("192.168.7.7", 4000))
    assert not path.knows(stranger) and not path.meets(stranger, 1.0 + DOUBT - 0.1, secured=False)
    assert path.meets(stranger, 1.0 + DOUBT, secured=False) and path.selected == stranger
    assert path.mistook() and path.selected == ("192.168.7.7", 4000)
    assert not path.meets(stranger, 9.0, secured=True), "whoever guesses our port while the peer talks"
