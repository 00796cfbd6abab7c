"""SRTP (RFC 3711, RFC 7714): keys, replay, and legs that speak nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from media.port import Allocate, Allocated, Codec, Connect, Crypto, Echo, LegId, Release, Released, SendDigits
from media.rtp import packet
from media.srtp import Contexts, Srtp, rows_of
from tests.support.datagram import FakeSocket
from tests.support.phone import HOST, PCMU, Studio

SIZES = {
    "AES_CM_128_HMAC_SHA1_80": 30,
    "AES_CM_128_HMAC_SHA1_32": 30,
    "AEAD_AES_128_GCM": 28,
    "AEAD_AES_256_GCM": 44,
}


def pair(suite: str = "AES_CM_128_HMAC_SHA1_80") -> tuple[Srtp, Srtp]:
    one, other = bytes(range(SIZES[suite])), bytes(range(100, 100 + SIZES[suite]))
    return Srtp(Crypto(suite, one, other)), Srtp(Crypto(suite, other, one))


def rtp(sequence: int, payload: bytes = b"x" * 160) -> bytes:
    return packet.build(0, False, sequence, 160 * sequence, 0xDEADBEEF, payload)


@pytest.mark.parametrize("suite", SIZES)
def test_what_one_side_seals_the_other_opens(suite: str) -> None:
    ours, theirs = pair(suite)
    sealed = ours.seal(rtp(1))
    assert sealed[:12] == rtp(1)[:12] and sealed[12:172] != rtp(1)[12:]
    assert theirs.open(sealed) == rtp(1)
    assert theirs.open(ours.seal(rtp(2))) == rtp(2)


def test_the_tag_is_as_long_as_the_suite_says() -> None:
    """RFC 4568 §6.2, RFC 7714 §14."""
    added = [len(pair(suite)[0].seal(rtp(1))) - 172 for suite in SIZES]
    assert added == [10, 4, 16, 16]


@pytest.mark.parametrize("rtcp", [False, True])
@pytest.mark.parametrize("suite", SIZES)
def test_the_identifier_of_the_key_is_taken_out_of_the_peers_packets(suite: str, rtcp: bool) -> None:
    """RFC 3711 §3.1, §3.4: before the tag; RFC 7714: GCM has its tag before it."""
    ours, theirs = pair(suite)
    reads = Srtp(replace(theirs.crypto, mki=4))
    plain = bytes.fromhex("80c9000100000007") if rtcp else rtp(1)
    sealed = ours.seal_rtcp(plain) if rtcp else ours.seal(plain)
    tag = 0 if "GCM" in suite else 4 if suite.endswith("_32") and not rtcp else 10
    named = sealed[: len(sealed) - tag] + b"\0\0\0\1" + sealed[len(sealed) - tag :]
    assert reads.open(named) == plain
    assert reads.open(named[:12]) == reads.open(b"") == b""
    row = np.zeros((1, 2_000), np.uint8)
    row[0, : len(named)] = np.frombuffer(named, np.uint8)
    again = Srtp(replace(theirs.crypto, mki=4))
    size = again.open_at(rows_of(row)[0], len(named), rtcp=rtcp)
    assert row[0, :size].tobytes() == plain and again.open_at(rows_of(row)[0], 14, rtcp=rtcp) == 0


def test_the_keystream_is_that_of_rfc_3711() -> None:
    """The session key and key stream of appendices B.2 and B.3: a payload of zeros shows the stream."""
    master = bytes.fromhex("E1F97A0D3E018BE0D64FA32C06DE4139")
    salt = bytes.fromhex("0EC675AD498AFEEBB6960B3AABE6")
    # B.3: the cipher key and salt that follow from this master key and salt.
    key, session_salt = (
        bytes.fromhex("C61E7A93744F39EE10734AFE3FF7A087"),
        bytes.fromhex("30CBBC08863D8C85D49DB34A9AE1"),
    )
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    ssrc, sequence = 0xDEADBEEF, 1
    block = int.from_bytes(session_salt, "big") << 16 ^ ssrc << 64 ^ sequence << 16
    expected = Cipher(algorithms.AES(key), modes.CTR(block.to_bytes(16, "big"))).encryptor().update(bytes(32))
    sealed = Srtp(Crypto("AES_CM_128_HMAC_SHA1_80", master + salt, master + salt)).seal(rtp(1, bytes(32)))
    assert sealed[12:44] == expected


def test_the_key_stream_cipher_is_that_of_appendix_b_2() -> None:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    key = bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C")
    counter = bytes.fromhex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000")
    stream = Cipher(algorithms.AES(key), modes.CTR(counter)).encryptor().update(bytes(32))
    assert stream.hex().upper() == "E03EAD0935C95E80E166B16DD92B4EB4D23513162B02D0F72A43A2FE4A5F97AB"


def test_a_copy_a_forgery_and_a_fragment_are_not_heard() -> None:
    """RFC 3711 §3.3.2: replay protection."""
    ours, theirs = pair()
    sealed = ours.seal(rtp(5))
    assert theirs.open(sealed) == rtp(5)
    assert theirs.open(sealed) == b""
    later = bytearray(ours.seal(rtp(6)))
    later[40] ^= 1
    assert theirs.open(bytes(later)) == b""
    assert theirs.open(rtp(7)) == b"" and theirs.open(b"") == b"" and theirs.open(b"\x80" * 5) == b""


def test_a_key_that_stays_keeps_its_context_when_the_other_changes() -> None:
    """RFC 3711 §3.3.1: the roll-over counter of our stream must not begin again."""
    ours, theirs = pair()
    for sequence in (0xFFFE, 0xFFFF, 0x10000, 0x10001):
        assert theirs.open(ours.seal(rtp(sequence)))
    changed = Srtp(Crypto(ours.crypto.suite, ours.crypto.local, bytes(30)), ours)
    assert theirs.open(changed.seal(rtp(0x10002))) == rtp(0x10002)
    assert changed.seal(rtp(0x10002)) == b"", "no sequence number twice under one key (§9.1)"


def test_a_new_key_of_ours_leaves_what_we_hear_as_it_was() -> None:
    """RFC 3711 §3.3.1, §3.3.2: its roll-over counter has grown, and what was heard is not again."""
    ours, theirs = pair()
    sealed = [theirs.seal(rtp(sequence)) for sequence in (0xFFFE, 0xFFFF, 0x10000, 0x10001, 0x10002)]
    assert all(ours.open(datagram) for datagram in sealed[:4])
    changed = Srtp(Crypto(ours.crypto.suite, bytes(30), ours.crypto.remote), ours)
    assert changed.open(sealed[3]) == b"" and changed.open(sealed[4]) == rtp(0x10002)


def test_keys_do_not_show() -> None:
    shown = repr(Crypto("AEAD_AES_128_GCM", b"secret of ours", b"secret of theirs"))
    assert "secret" not in shown and "AEAD_AES_128_GCM" in shown


def secured(studio: Studio) -> tuple[Srtp, tuple[FakeSocket, tuple[str, int]]]:
    ours = Crypto("AES_CM_128_HMAC_SHA1_80", bytes(30), bytes(range(30)))
    studio.engine.execute(Allocate(LegId("leg"), HOST))
    allocated = studio.of(Allocated)[0]
    phone = studio.network.bind("203.0.113.9", 4000)
    studio.engine.execute(Connect(LegId("leg"), phone.at, PCMU, (PCMU,), None, crypto=ours))
    studio.engine.execute(Echo(LegId("leg")))
    return Srtp(Crypto(ours.suite, ours.remote, ours.local)), (phone, (HOST, allocated.port))


def test_a_secured_leg_echoes_under_its_own_key_and_hears_nothing_plain() -> None:
    studio = Studio()
    srtp, (phone, server) = secured(studio)
    sent = np.frombuffer(bytes(range(1, 161)), np.uint8).tobytes()
    heard: list[bytes] = []
    for sequence in range(60):
        phone.sendto(srtp.seal(rtp(sequence, sent)), server)
        if sequence % 3 == 2:  # somebody at the same address has not got the key
            phone.sendto(rtp(sequence + 1, bytes(160)), server)
        studio.run(0.020)
        buffer = memoryview(bytearray(2048))
        while phone.queue:
            size, _ = phone.recvfrom_into(buffer)
            heard.append(srtp.open(bytes(buffer[:size])))
    assert all(heard), "everything sent to a secured peer is authentic"
    assert sum(datagram[12:] == sent for datagram in heard) >= 58
    studio.engine.execute(Release(LegId("leg")))
    stats = studio.of(Released)[0].stats
    assert stats.packets_received == 60 and stats.malformed + stats.foreign == 20


def test_rtcp_of_a_secured_leg_is_sealed() -> None:
    studio = Studio()
    srtp, (phone, server) = secured(studio)
    control = studio.network.bind("203.0.113.9", 4001)
    for sequence in range(10):
        phone.sendto(srtp.seal(rtp(sequence)), server)
        studio.run(0.020)
    studio.engine.execute(Release(LegId("leg")))
    studio.run(0.01)
    buffer = memoryview(bytearray(2048))
    size, _ = control.recvfrom_into(buffer)
    assert packet.is_rtcp(buffer[:size]) and packet.is_rtcp(memoryview(srtp.open(bytes(buffer[:size]))))


@pytest.mark.parametrize("locked", [False, True])
def test_a_datagram_of_any_length_is_taken_or_passed_over(locked: bool) -> None:
    """Strangers send what they like, before the source is locked and to the port of RTCP."""
    studio = Studio()
    srtp, (phone, server) = secured(studio)
    for sequence in range(10 * locked):
        phone.sendto(srtp.seal(rtp(sequence)), server)
        studio.run(0.020)
    for host in (phone.at[0], "192.0.2.66"):
        stranger = studio.network.bind(host, 666)
        for size in (0, 1, 7, 8, 11, 12, 13, 28, 1_356, 1_357, 1_500, 1_501, 2_047, 2_048, 2_049, 9_000):
            for first in (b"\x80\x00", b"\x80\xc8", b"\x90\x00", b"\xbf\xff"):
                datagram = (first + bytes(size))[:size]
                stranger.sendto(datagram, server)
                stranger.sendto(datagram, (server[0], server[1] + 1))
            studio.run(0.020)
    before = studio.engine._table.columns.heard_at[0]
    for sequence in range(10, 20):
        phone.sendto(srtp.seal(rtp(sequence)), server)
        studio.run(0.020)
    assert studio.engine._table.columns.heard_at[0] > before
    studio.engine.execute(Release(LegId("leg")))
    assert studio.of(Released)[0].stats.packets_received == 10 + 10 * locked


@pytest.mark.parametrize("suite", SIZES)
def test_the_roll_over_is_found_although_packets_around_it_are_lost(suite: str) -> None:
    """RFC 3711 §3.3.1, and L16 of 60 ms both ways, the longest that we send."""
    codec = Codec("l16", 96, 16_000)
    studio = Studio()
    ours, theirs = pair(suite)
    studio.engine.execute(Allocate(LegId("leg"), HOST))
    port = studio.of(Allocated)[0].port
    phone = studio.network.bind("203.0.113.9", 4000)
    more = {"crypto": ours.crypto, "ptime_ms": 60}
    studio.engine.execute(Connect(LegId("leg"), phone.at, codec, (codec,), None, **more))  # type: ignore[arg-type]
    studio.engine.execute(Echo(LegId("leg")))
    sent = np.arange(960, dtype=">i2").tobytes()
    back = []
    for number in range(65_500, 65_580):
        sealed = theirs.seal(packet.build(96, False, number, number * 960, 1, sent))
        if number % 10 == 3 or 65_530 <= number <= 65_540:
            continue
        phone.sendto(sealed, (HOST, port))
        studio.run(0.060)
    buffer = memoryview(bytearray(2_048))
    while phone.queue:
        size, _ = phone.recvfrom_into(buffer)
        back.append(theirs.open(bytes(buffer[:size])))
    assert all(back) and sum(len(datagram) == 12 + 1_920 for datagram in back) > 40
    studio.engine.execute(Release(LegId("leg")))
    stats = studio.of(Released)[0].stats
    assert (stats.packets_received, stats.lost, stats.malformed) == (62, 18, 0)


def test_the_same_keys_go_on_after_a_re_invite_and_new_ones_begin_anew() -> None:
    studio = Studio()
    _, (phone, _) = secured(studio)
    leg = studio.engine._table.find(LegId("leg"))
    assert leg is not None and leg.connect is not None
    before = leg.srtp
    studio.engine.execute(leg.connect)
    assert leg.srtp is before and studio.engine._table.secured == 1
    studio.engine.execute(Connect(leg.id, phone.at, PCMU, (PCMU,), None))
    assert leg.srtp is None and studio.engine._table.secured == 0


@pytest.mark.parametrize("suite", SIZES)
def test_in_place_is_as_good_as_by_copies_and_shares_their_state(suite: str) -> None:
    ours, theirs = pair(suite)
    memory = np.zeros((2, 192), np.uint8)
    row, other = rows_of(memory)
    data = rtp(1)
    memory[:, : len(data)] = np.frombuffer(data, np.uint8)
    size = ours.seal_at(row, len(data))
    sealed = memory[0, :size].tobytes()
    assert pair(suite)[0].seal(data) == sealed
    assert ours.seal_at(other, len(data)) == 0, "no sequence number twice"
    assert ours.seal(data) == b""
    assert theirs.open_at(row, size, rtcp=False) == len(data) and memory[0, : len(data)].tobytes() == data
    assert theirs.open(sealed) == b"", "a replay"
    memory[0, :size] = np.frombuffer(ours.seal(rtp(2)), np.uint8)
    memory[0, 20] ^= 1
    assert theirs.open_at(row, size, rtcp=False) == 0, "forged"
    for short in range(16):
        assert theirs.open_at(row, short, rtcp=False) == theirs.open_at(row, short, rtcp=True) == 0


def test_many_at_once_are_as_good_as_each_by_itself() -> None:
    ours, theirs = zip(*(pair(suite) for suite in SIZES), strict=True)
    contexts, others = Contexts(9), Contexts(9)
    slots = [7, 0, 3, 5]
    for slot, one, other in zip(slots, ours, theirs, strict=True):
        contexts.put(slot, one)
        others.put(slot, other)
    memory = np.zeros((4, 192), np.uint8)
    memory[:, :172] = np.frombuffer(rtp(1), np.uint8)
    rows = rows_of(memory)
    sizes = contexts.seal(slots, rows, 172).copy()
    assert sizes.tolist() == [182, 176, 188, 188]
    assert [memory[row, :size].tobytes() for row, size in enumerate(sizes)] == [
        pair(suite)[0].seal(rtp(1)) for suite in SIZES
    ]
    memory[2, 30] ^= 1
    assert others.open(slots, rows, sizes.astype(np.int64)).tolist() == [172, 172, 0, 172]
    assert all(memory[row, :172].tobytes() == rtp(1) for row in (0, 1, 3)), "a forgery costs nobody else"
    assert contexts.seal(slots[:1], rows, 172).tolist() == [0], "no sequence number twice"
    assert not contexts.single.any()
    contexts.put(3, Srtp(replace(ours[0].crypto, mki=4)))
    assert contexts.single[3]
    contexts.put(3, None)
    assert not contexts.single[3]


def test_legs_of_all_suites_and_of_none_share_a_tick() -> None:
    """Each is answered in its own way, while one is sent digits; one with an identifier is opened apart."""
    studio = Studio()
    kinds = [*SIZES, None, "AES_CM_128_HMAC_SHA1_80"]
    phones: list[tuple[Srtp | None, FakeSocket, tuple[str, int], int]] = []
    for number, suite in enumerate(kinds):
        leg, mki = LegId(f"leg{number}"), 4 if number == 5 else 0
        studio.engine.execute(Allocate(leg, HOST))
        server = (HOST, studio.of(Allocated)[-1].port)
        phone = studio.network.bind("203.0.113.9", 4000 + 2 * number)
        crypto = None
        if suite is not None:
            crypto = Crypto(suite, bytes(SIZES[suite]), bytes(range(SIZES[suite])), mki)
        studio.engine.execute(Connect(leg, phone.at, PCMU, (PCMU,), 101, crypto=crypto))
        studio.engine.execute(Echo(leg))
        theirs = (
            None if crypto is None else Srtp(replace(crypto, local=crypto.remote, remote=crypto.local, mki=0))
        )
        phones.append((theirs, phone, server, mki))
    heard: list[list[bytes]] = [[] for _ in kinds]
    buffer = memoryview(bytearray(2048))
    for sequence in range(100):
        for number, (srtp, phone, server, mki) in enumerate(phones):
            data = rtp(sequence, bytes([number + 1]) * 160)
            sealed = data if srtp is None else srtp.seal(data)
            if mki:
                sealed = sealed[:-10] + b"\0\0\0\1" + sealed[-10:]
            phone.sendto(sealed, server)
        if sequence == 50:
            studio.engine.execute(SendDigits(LegId("leg1"), "5"))
        studio.run(0.020)
        for number, (srtp, phone, _, _) in enumerate(phones):
            while phone.queue:
                size, _ = phone.recvfrom_into(buffer)
                heard[number].append(
                    bytes(buffer[:size]) if srtp is None else srtp.open(bytes(buffer[:size]))
                )
    for number, datagrams in enumerate(heard):
        assert all(datagrams), kinds[number]
        right = sum(datagram[12:] == bytes([number + 1]) * 160 for datagram in datagrams)
        assert right >= (75 if number == 1 else 95), (kinds[number], right)
    assert {datagram[12] for datagram in heard[1] if datagram[1] & 0x7F == 101} == {5}
