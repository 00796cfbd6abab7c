"""Two ICE agents on one hand clock, joined by a wire that may lose, filter and change addresses."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise

from media.port import IceCredentials, WebRtc
from media.webrtc import stun
from media.webrtc.ice import Ice
from media.webrtc.stun import Address, Kind, Name
from tests.support.webrtc import OURS, PRIORITY, THEIRS, mirrored, terms

HERE: Address = ("192.0.2.1", 1000)
THERE: Address = ("192.0.2.2", 2000)
NOWHERE: Address = ("192.0.2.9", 9)


def agent(view: WebRtc, seed: int = 1, now: float = 0.0, most: int = 8) -> Ice:
    return Ice(view, random.Random(seed).getrandbits, now, priority=PRIORITY, most=most, timeout=15.0)


@dataclass
class Pair:
    """`ours` at `HERE`, `theirs` at `THERE`."""

    ours: Ice
    theirs: Ice
    now: float = 0.0
    seen: Address = THERE
    "Where a NAT makes the peer appear."
    passes: Callable[[Address, Address], bool] = lambda source, to: True
    sent: list[tuple[float, bytes]] = field(default_factory=list)
    "By `ours`."

    def run(self, seconds: float) -> None:
        until = self.now + seconds
        while True:
            moved = True
            while moved:
                moved = False
                for datagram, to in self.ours.take():
                    moved = True
                    self.sent.append((self.now, datagram))
                    if to == self.seen and self.passes(HERE, to):
                        self.theirs.receive(datagram, HERE, self.now)
                for datagram, to in self.theirs.take():
                    moved = True
                    if to == HERE and self.passes(self.seen, to):
                        self.ours.receive(datagram, self.seen, self.now)
            times = [
                time for time in (self.ours.next_timer_at(), self.theirs.next_timer_at()) if time is not None
            ]
            if not times or min(times) > until:
                self.now = until
                return
            self.now = max(self.now, min(times))
            for side in (self.ours, self.theirs):
                due = side.next_timer_at()
                if due is not None and due <= self.now:
                    side.handle_timer(self.now)


def pair(*, controlling: bool = False, told: tuple[Address, ...] = (THERE,), seen: Address = THERE) -> Pair:
    view = terms(*told, controlling=controlling)
    return Pair(agent(view), agent(mirrored(view, HERE, fingerprint="sha-256 BB"), seed=2), seen=seen)


def test_both_roles_find_each_other_and_agree_on_one_pair() -> None:
    for controlling in (False, True):
        both = pair(controlling=controlling)
        both.run(1.0)
        assert (both.ours.selected, both.theirs.selected) == (THERE, HERE)
        assert not both.ours.failure and both.ours.works(THERE)


def test_a_peer_that_told_no_usable_address_is_found_by_its_own_checks() -> None:
    for controlling in (False, True):
        both = pair(controlling=controlling, told=())
        both.run(1.0)
        assert both.ours.selected == THERE, "peer-reflexive, RFC 8445 §7.3.1.3"


def test_a_peer_behind_a_nat_is_answered_where_it_appears() -> None:
    both = pair(told=(NOWHERE, THERE), seen=("198.51.100.7", 7777))
    both.run(2.0)
    assert both.ours.selected == ("198.51.100.7", 7777)


def test_checks_are_paced_and_repeated_at_doubling_intervals() -> None:
    view = terms(THERE)
    alone = agent(view)
    times: list[float] = []
    now = 0.0
    while (due := alone.next_timer_at()) is not None and now < 10:
        now = max(now, due)
        alone.handle_timer(now)
        times += [round(now, 3)] * len(alone.take())
    assert times == [0.0, 0.5, 1.5, 3.5, 7.5]


def test_who_is_not_found_in_time_has_failed_with_its_cause() -> None:
    both = pair()
    both.passes = lambda source, to: False
    both.run(14.9)
    assert not both.ours.failure
    both.run(0.2)
    assert both.ours.failure == "ice_timeout" and both.ours.next_timer_at() is None


def test_consent_is_asked_about_every_five_seconds_and_lost_after_thirty() -> None:
    """RFC 7675 §5.1"""
    both = pair()
    both.run(1.0)
    both.sent.clear()
    both.run(300.0)
    asked = [at for at, datagram in both.sent if (read := stun.parse(datagram)) and read.kind is Kind.REQUEST]
    assert 45 <= len(asked) <= 80 and not both.ours.failure
    gaps = [later - earlier for earlier, later in pairwise(asked)]
    assert min(gaps) > 3.9 and max(gaps) < 6.1
    both.passes = lambda source, to: False
    both.run(30.0 - 7)
    assert not both.ours.failure
    both.run(7.1)
    assert both.ours.failure == "consent_lost" and both.theirs.failure == "consent_lost"


def test_a_burst_of_loss_does_not_end_consent() -> None:
    both = pair()
    both.run(1.0)
    both.passes = lambda source, to: False
    both.run(20.0)
    both.passes = lambda source, to: True
    both.run(60.0)
    assert not both.ours.failure


def test_strangers_get_no_answer() -> None:
    both = pair()
    both.run(1.0)
    wrong = [
        (Name.USERNAME, b"ours:them"),
        (Name.PRIORITY, bytes(4)),
        (Name.USE_CANDIDATE, b""),
    ]
    for username, key in ((b"ours:them", b"guess"), (b"them:ours", OURS.password.encode()), (b"", b"")):
        forged = stun.build(Kind.REQUEST, bytes(12), [(Name.USERNAME, username), *wrong[1:]], key)
        both.ours.receive(forged, NOWHERE, both.now)
    assert both.ours.take() == [] and both.ours.selected == THERE and not both.ours.knows(NOWHERE)


def test_a_forged_answer_proves_nothing() -> None:
    ours = agent(terms(THERE, controlling=True))
    ours.handle_timer(0.0)
    ((sent, _),) = ours.take()
    asked = stun.parse(sent)
    assert asked is not None
    answer = [stun.mapped(HERE, asked.transaction)]
    ours.receive(stun.build(Kind.SUCCESS, asked.transaction, answer, b"guess"), THERE, 0.1)
    good = stun.build(Kind.SUCCESS, asked.transaction, answer, THEIRS.password.encode())
    ours.receive(good, NOWHERE, 0.1)
    assert not ours.works(THERE), "signed by nobody, then from elsewhere"
    ours.receive(good, THERE, 0.1)
    assert ours.works(THERE)


def test_two_that_claim_one_role_agree_by_their_tie_breakers() -> None:
    """RFC 8445 §7.3.1.1"""
    for controlling in (False, True):
        both = pair(controlling=controlling)
        both.theirs = agent(
            replace(mirrored(terms(THERE), HERE, fingerprint="sha-256 BB"), controlling=controlling), seed=5
        )
        both.run(3.0)
        assert (both.ours.selected, both.theirs.selected) == (THERE, HERE)
        assert both.ours.controlling is not both.theirs.controlling


def test_a_controlling_agent_waits_a_little_for_the_better_pair() -> None:
    best, second = ("192.0.2.50", 50), THERE
    both = pair(controlling=True, told=(best, second))
    both.run(1.0)
    nominations = [
        at
        for at, sent in both.sent
        if (read := stun.parse(sent)) and read.get(Name.USE_CANDIDATE) is not None
    ]
    assert both.ours.selected == THERE and 0.3 <= nominations[0] <= 0.5


def test_a_selected_pair_that_fell_silent_gives_way_to_one_of_lower_priority() -> None:
    both = pair()
    both.run(1.0)
    elsewhere = ("198.51.100.200", 4444)
    both.passes = lambda source, to: False
    both.run(6.0)
    both.ours.take()

    def check(transaction: bytes) -> bytes:
        attributes = [
            (Name.USERNAME, b"ours:them"),
            (Name.PRIORITY, (1).to_bytes(4, "big")),
            (Name.ICE_CONTROLLING, bytes(8)),
            (Name.USE_CANDIDATE, b""),
        ]
        return stun.build(Kind.REQUEST, transaction, attributes, OURS.password.encode())

    both.ours.receive(check(b"a" * 12), elsewhere, both.now)
    both.ours.handle_timer(both.now + 0.05)
    requests = [
        read
        for datagram, to in both.ours.take()
        if to == elsewhere and (read := stun.parse(datagram)) and read.kind is Kind.REQUEST
    ]
    answer = stun.build(
        Kind.SUCCESS,
        requests[0].transaction,
        [stun.mapped(HERE, requests[0].transaction)],
        THEIRS.password.encode(),
    )
    both.ours.receive(answer, elsewhere, both.now + 0.1)
    assert both.ours.selected == elsewhere


def test_only_so_many_addresses_are_tried_or_remembered() -> None:
    many = tuple((f"192.0.2.{host}", 1) for host in range(1, 60))
    ours = agent(terms(*many), most=4)
    tried: set[Address] = set()
    now = 0.0
    while (due := ours.next_timer_at()) is not None:
        now = max(now, due)
        ours.handle_timer(now)
        tried |= {to for _, to in ours.take()}
    assert len(tried) == 4


def test_credentials_hide_their_password() -> None:
    assert "secret" not in repr(IceCredentials("u", "secret"))
