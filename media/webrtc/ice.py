"""ICE of one leg: which address of the peer is reached, and whether it still wants to hear us.

RFC 8445 as a full agent with one socket and one component (RTP and RTCP share it): checks paced by
`PACE`, triggered checks, peer-reflexive candidates, role conflicts, regular nomination; RFC 7675 consent.

::

    Ice(terms) ─▶ receive(datagram, source) / handle_timer ─▶ take() ─▶ datagrams
                                                    ╰─▶ selected · failure

A check without the right credentials gets no answer: a stranger learns nothing, not even that the port
is open. Candidates whose host is a name (mDNS) are never looked up; such a peer finds us, and its own
checks show where it is. Declined: candidates of our own beyond the socket's, trickling (RFC 8838, 8840;
what comes after the offer shows itself by its checks), TCP (RFC 6544), TURN relays.
"""

import enum
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from media.port import WebRtc
from media.webrtc import stun
from media.webrtc.stun import Address, Kind, Message, Name

PACE: Final = 0.05
"Between two new checks (Ta) [s]."
RETRANSMIT: Final = 0.5
"First wait for an answer (RTO) [s]; it doubles."
TRANSMISSIONS: Final = 7
"Of one check, then the pair has failed (Rc)."
PATIENCE: Final = 0.3
"A controlling agent waits so long for a better pair than the first that works [s]."
CONSENT_INTERVAL: Final = 5.0
"Mean time between two checks of consent [s]; 0.8 to 1.2 of it (RFC 7675 §5.1)."
CONSENT_LIFE: Final = 30.0
"Without an answer for so long, nothing is sent any more [s]."
DOUBT: Final = 4.0
"A selected pair of which nothing was heard for so long gives way to any other nominated one [s]."
REFLEXIVE_PRIORITY: Final = (110 << 24) | (65_535 << 8) | 255
"Of a candidate of ours that the peer has not been told (RFC 8445 §7.1.1)."


class _State(enum.Enum):
    WAITING = enum.auto()
    TRYING = enum.auto()
    WORKS = enum.auto()
    FAILED = enum.auto()


@dataclass(slots=True, eq=False)
class _Pair:
    """Our socket and one address of the peer."""

    remote: Address
    priority: int
    state: _State = _State.WAITING
    nominating: bool = False
    "The check under way carries USE-CANDIDATE."
    nominated: bool = False
    "By the peer."
    transaction: bytes = b""
    sent: int = 0
    due: float = 0.0
    heard_at: float = 0.0


class Ice:
    """
    Args:
        priority: of our candidate, as the peer was told.
        most: addresses of the peer that are tried or remembered.
        timeout: no pair selected after so long: failed [s].
    """

    def __init__(
        self,
        terms: WebRtc,
        random_bits: Callable[[int], int],
        now: float,
        *,
        priority: int,
        most: int,
        timeout: float,
    ) -> None:
        self.selected: Address | None = None
        "Where media goes, and comes from."
        self.selected_at = 0.0
        self.failure = ""
        "Why it is over: `ice_timeout` or `consent_lost`."
        self.controlling = terms.controlling
        self._terms = terms
        self._random_bits = random_bits
        self._priority = priority
        self._most = most
        self._deadline = now + timeout
        self._tie_breaker = random_bits(64)
        self._pairs: dict[Address, _Pair] = {}
        self._triggered: deque[_Pair] = deque()
        self._next_check = now
        self._nominate_at: float | None = None
        self._consent_at = 0.0
        self._consent_until = 0.0
        self._consents: dict[bytes, Address] = {}
        self._out: list[tuple[bytes, Address]] = []
        for candidate in sorted(terms.candidates, key=lambda one: -one.priority)[:most]:
            self._pair((candidate.address, candidate.port), candidate.priority)

    def take(self) -> list[tuple[bytes, Address]]:
        """What is to be sent, and where to."""
        out, self._out = self._out, []
        return out

    def works(self, source: Address) -> bool:
        """Whether a check has shown that the peer is at `source`."""
        pair = self._pairs.get(source)
        return pair is not None and pair.state is _State.WORKS

    def knows(self, source: Address) -> bool:
        """Whether the peer has proven to be at `source`, by its checks or by answering ours."""
        pair = self._pairs.get(source)
        return pair is not None and pair.heard_at > 0

    def receive(self, datagram: bytes, source: Address, now: float) -> None:
        message = stun.parse(datagram)
        if message is None or self.failure:
            return
        match message.kind:
            case Kind.REQUEST:
                self._asked(message, source, now)
            case Kind.SUCCESS | Kind.ERROR:
                self._answered(message, source, now)
            case Kind.INDICATION:
                pass

    def next_timer_at(self) -> float | None:
        if self.failure:
            return None
        if self.selected is not None:
            times = [self._consent_at, self._consent_until]
        else:
            times = [self._deadline]
            if self._nominate_at is not None:
                times.append(self._nominate_at)
        if self._triggered or any(pair.state is _State.WAITING for pair in self._pairs.values()):
            times.append(self._next_check)
        times += [pair.due for pair in self._pairs.values() if pair.state is _State.TRYING]
        return min(times)

    def handle_timer(self, now: float) -> None:
        if self.failure:
            return
        for pair in self._pairs.values():
            if pair.state is _State.TRYING and pair.due <= now:
                self._again(pair, now)
        if now >= self._next_check:
            self._check_next(now)
        if self.selected is None:
            if self._nominate_at is not None and now >= self._nominate_at:
                self._nominate(now)
            if now >= self._deadline:
                self.failure = "ice_timeout"
        elif now >= self._consent_until:
            self.failure = "consent_lost"
        elif now >= self._consent_at:
            self._ask_consent(self.selected, now)

    # Checks that we send.

    def _pair(self, remote: Address, priority: int) -> _Pair | None:
        pair = self._pairs.get(remote)
        if pair is None and len(self._pairs) < self._most:
            ours, theirs = self._priority, priority
            better, worse = max(ours, theirs), min(ours, theirs)
            # §6.1.2.3, but for the bit that breaks ties between mirrored pairs: there are none.
            pair = self._pairs[remote] = _Pair(remote, (worse << 32) + 2 * better)
        return pair

    def _check_next(self, now: float) -> None:
        pair = self._triggered.popleft() if self._triggered else None
        if pair is None:
            # What is selected needs no rival.
            waiting = [pair for pair in self._pairs.values() if pair.state is _State.WAITING]
            if not waiting or self.selected is not None:
                for left in waiting:
                    left.state = _State.FAILED
                return
            pair = max(waiting, key=lambda one: one.priority)
        self._next_check = now + PACE
        self._start(pair, now)

    def _start(self, pair: _Pair, now: float) -> None:
        pair.state, pair.sent = _State.TRYING, 0
        pair.transaction = self._transaction()
        self._again(pair, now)

    def _again(self, pair: _Pair, now: float) -> None:
        if pair.sent == TRANSMISSIONS:
            pair.state = _State.FAILED
            return
        # RFC 8489 §6.2.1: 0, 500, 1500, 3500 ms …
        pair.due = now + RETRANSMIT * 2**pair.sent
        pair.sent += 1
        self._ask(pair.remote, pair.transaction, nominating=pair.nominating)

    def _ask(self, remote: Address, transaction: bytes, *, nominating: bool) -> None:
        terms = self._terms
        role = Name.ICE_CONTROLLING if self.controlling else Name.ICE_CONTROLLED
        attributes = [
            (Name.USERNAME, f"{terms.remote.ufrag}:{terms.local.ufrag}".encode()),
            (Name.PRIORITY, REFLEXIVE_PRIORITY.to_bytes(4, "big")),
            (role, self._tie_breaker.to_bytes(8, "big")),
        ]
        if nominating and self.controlling:
            attributes.append((Name.USE_CANDIDATE, b""))
        key = terms.remote.password.encode()
        self._out.append((stun.build(Kind.REQUEST, transaction, attributes, key), remote))

    def _nominate(self, now: float) -> None:
        """Choose the best pair that works, as the controlling agent does (§8.1.1)."""
        self._nominate_at = None
        working = [pair for pair in self._pairs.values() if pair.state is _State.WORKS]
        if working:
            best = max(working, key=lambda pair: pair.priority)
            best.nominating = True
            self._start(best, now)

    def _ask_consent(self, remote: Address, now: float) -> None:
        self._consent_at = now + CONSENT_INTERVAL * (0.8 + 0.4 * self._random_bits(16) / 65_536)
        transaction = self._transaction()
        # A handful is on its way at most: older ones can no longer prove anything.
        while len(self._consents) >= CONSENT_LIFE // CONSENT_INTERVAL:
            del self._consents[next(iter(self._consents))]
        self._consents[transaction] = remote
        self._ask(remote, transaction, nominating=False)

    def _answered(self, message: Message, source: Address, now: float) -> None:
        if not message.is_signed(self._terms.remote.password.encode()):
            return
        if self._consents.get(message.transaction) == source:
            del self._consents[message.transaction]
            if message.kind is Kind.SUCCESS:
                self._consented(source, now)
            return
        pair = self._pairs.get(source)
        # An answer from elsewhere than where the check went proves nothing (§7.2.5.2.1).
        if pair is None or pair.state is not _State.TRYING or pair.transaction != message.transaction:
            return
        if message.kind is Kind.ERROR:
            if message.error == 487:
                self.controlling = not self.controlling
                self._start(pair, now)
            else:
                pair.state = _State.FAILED
            return
        pair.state, pair.heard_at = _State.WORKS, now
        if self.controlling and not pair.nominating:
            if self.selected is None and self._nominate_at is None:
                best = max(self._pairs.values(), key=lambda one: one.priority)
                self._nominate_at = now if pair is best else now + PATIENCE
        elif pair.nominating or pair.nominated:
            self._select(pair, now)

    def _consented(self, source: Address, now: float) -> None:
        if source == self.selected:
            self._consent_until = now + CONSENT_LIFE
        pair = self._pairs.get(source)
        if pair is not None:
            pair.heard_at = now

    # Checks that come.

    def _asked(self, message: Message, source: Address, now: float) -> None:
        terms = self._terms
        expected = f"{terms.local.ufrag}:{terms.remote.ufrag}".encode()
        if message.get(Name.USERNAME) != expected or not message.is_signed(terms.local.password.encode()):
            return
        key = terms.local.password.encode()
        if self._conflicts(message):
            problem = stun.error(487, "Role Conflict")
            self._out.append((stun.build(Kind.ERROR, message.transaction, (problem,), key), source))
            return
        where = stun.mapped(source, message.transaction)
        self._out.append((stun.build(Kind.SUCCESS, message.transaction, (where,), key), source))
        stated = message.get(Name.PRIORITY) or b""
        pair = self._pair(source, int.from_bytes(stated[:4], "big"))
        if pair is None:
            return
        pair.heard_at = now
        if not self.controlling and message.get(Name.USE_CANDIDATE) is not None:
            pair.nominated = True
            if pair.state is _State.WORKS:
                self._select(pair, now)
        if pair.state in (_State.WAITING, _State.FAILED) and pair not in self._triggered:
            pair.state = _State.WAITING
            self._triggered.append(pair)
        elif pair.state is _State.TRYING:
            # What we sent before the peer's side let us in was for nothing: again, now (§7.3.1.4).
            pair.due = min(pair.due, now + PACE)

    def _conflicts(self, message: Message) -> bool:
        """Both claim one role (§7.3.1.1): whether the peer has to give way; else we did."""
        theirs = message.get(Name.ICE_CONTROLLING if self.controlling else Name.ICE_CONTROLLED)
        if theirs is None:
            return False
        wins = self._tie_breaker >= int.from_bytes(theirs, "big")
        if wins is self.controlling:
            return True
        self.controlling = not self.controlling
        return False

    def _select(self, pair: _Pair, now: float) -> None:
        before = self._pairs.get(self.selected) if self.selected is not None else None
        if before is pair:
            return
        if before is not None and before.priority >= pair.priority and now - before.heard_at < DOUBT:
            return
        self.selected, self.selected_at = pair.remote, now
        self._consent_until = now + CONSENT_LIFE
        self._ask_consent(pair.remote, now)

    def _transaction(self) -> bytes:
        return self._random_bits(96).to_bytes(12, "big")
