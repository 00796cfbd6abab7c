"""Two DTLS ends on one hand clock: who they are, which keys they get, and what loss does to them."""

import random
import time

import pytest

from media.port import Crypto
from media.webrtc.dtls import Certificate, Dtls, _datagrams


def ends(*, named: str = "", sha: str = "sha-256") -> tuple[Dtls, Dtls]:
    """Active and passive. Args: named: the fingerprint that passive has been told; empty: the true one."""
    one, other = Certificate(), Certificate()

    def told(fingerprint: str) -> tuple[tuple[str, str], ...]:
        return ((sha, fingerprint.split(" ")[1]),)

    passive = Dtls(other, told(named or one.fingerprint), 0.0, active=False)
    return Dtls(one, told(other.fingerprint), 0.0, active=True), passive


def shake(active: Dtls, passive: Dtls, *, lose: int = -1, now: float = 0.0) -> None:
    """Pass on what both say. Args: lose: the datagram with this number, counted from 0, is lost."""
    count, moved = 0, True
    while moved:
        moved = False
        for side, other in ((active, passive), (passive, active)):
            for datagram in side.take():
                moved = True
                assert len(datagram) <= 1_200
                if count != lose:
                    other.receive(datagram, now)
                count += 1


def test_both_ends_get_the_same_keys_crosswise() -> None:
    active, passive = ends()
    shake(active, passive)
    assert isinstance(active.crypto, Crypto) and passive.crypto is not None
    assert (active.crypto.local, active.crypto.remote) == (passive.crypto.remote, passive.crypto.local)
    assert active.crypto.suite == "AES_CM_128_HMAC_SHA1_80" and len(active.crypto.local) == 30


def test_an_end_whose_certificate_is_another_is_refused() -> None:
    """RFC 5763 §5: the fingerprint is the identity."""
    active, passive = ends(named=Certificate().fingerprint)
    shake(active, passive)
    assert passive.failure == "dtls_failed" and "fingerprint" in passive.detail and passive.crypto is None


def test_a_weak_hash_proves_nothing() -> None:
    active, passive = ends(sha="sha-1")
    shake(active, passive)
    assert passive.failure == active.failure == "dtls_failed"


@pytest.mark.parametrize("lost", [0, 1, 3])
def test_a_lost_flight_is_sent_again(lost: int) -> None:
    """The first, an answer, and the last. The timer is OpenSSL's own and heeds no hand clock: this waits."""
    active, passive = ends()
    shake(active, passive, lose=lost)
    assert active.crypto is None
    began = time.monotonic()
    deadline = began + 10
    while active.crypto is None and time.monotonic() < deadline:
        time.sleep(0.05)
        for side in (active, passive):
            if (due := side.next_timer_at()) is not None:
                side.handle_timer(due)
        shake(active, passive)
    assert active.crypto is not None and passive.crypto is not None


def test_goodbye_ends_the_association() -> None:
    active, passive = ends()
    shake(active, passive)
    active.close(1.0)
    for datagram in active.take():
        passive.receive(datagram, 1.0)
    assert passive.failure == "dtls_closed"


def test_garbage_changes_nothing() -> None:
    active, passive = ends()
    chance = random.Random(4)
    for _ in range(50):
        passive.receive(bytes((22, 254, 253)) + chance.randbytes(chance.randrange(1, 300)), 0.0)
        passive.take()
    shake(active, passive)
    assert passive.crypto is not None or passive.failure == "dtls_failed"
    active, passive = ends()
    shake(active, passive)
    passive.receive(bytes((21, 254, 253)) + chance.randbytes(40), 1.0)
    assert not passive.failure, "an alert that is not authentic"


def test_long_flights_are_cut_between_records() -> None:
    record = bytes(11) + (500).to_bytes(2, "big") + bytes(500)
    assert [len(part) for part in _datagrams(record * 5)] == [1026, 1026, 513]


def test_the_fingerprint_is_written_as_in_sdp() -> None:
    algorithm, value = Certificate().fingerprint.split(" ")
    assert algorithm == "sha-256" and len(value) == 95 and value.count(":") == 31
