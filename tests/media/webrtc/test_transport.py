"""Our ICE, DTLS and SRTP against aiortc's, over UDP on this machine."""

import asyncio
import random
import secrets
from dataclasses import replace

import aioice.ice
import aiortc
import pytest

from config.schema import MediaLimits
from media.port import Candidate, IceCredentials, WebRtc
from media.rtp import packet
from media.webrtc.dtls import Certificate
from media.webrtc.transport import HOST_PRIORITY, Transport
from tests.support.webrtc import Endpoint, mirrored, terms

HERE = "127.0.0.1"


@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize("controlling", [True, False])
async def test_aiortc_and_we_find_hear_and_leave_each_other(
    controlling: bool, active: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda **_: [HERE])
    gatherer = aiortc.RTCIceGatherer(iceServers=[])
    await gatherer.gather()
    theirs = gatherer.getLocalParameters()
    ice = aiortc.RTCIceTransport(gatherer)
    ice._connection.ice_controlling = not controlling
    heard: list[bytes] = []

    class Peer(aiortc.RTCDtlsTransport):  # type: ignore[misc, name-defined]
        async def _handle_rtp_data(self, data: bytes, arrival_time_ms: int) -> None:
            heard.append(data)

    dtls = Peer(ice, [aiortc.RTCCertificate.generateCertificate()])
    dtls._set_role("server" if active else "client")

    endpoint = (await asyncio.get_running_loop().create_datagram_endpoint(Endpoint, local_addr=(HERE, 0)))[1]
    certificate = Certificate()
    view = WebRtc(
        local=IceCredentials("ours", "o" * 22),
        remote=IceCredentials(theirs.usernameFragment, theirs.password),
        candidates=tuple(Candidate(c.ip, c.port, c.priority) for c in gatherer.getLocalCandidates()),
        fingerprints=tuple((f.algorithm, f.value) for f in dtls.getLocalParameters().fingerprints),
        active=active,
        controlling=controlling,
    )
    loop = asyncio.get_running_loop()
    endpoint.transport = Transport(
        view, certificate, MediaLimits(), secrets.SystemRandom().getrandbits, loop.time()
    )
    port = endpoint.socket.get_extra_info("sockname")[1]
    await ice.addRemoteCandidate(aiortc.RTCIceCandidate(1, "1", HERE, port, HOST_PRIORITY, "udp", "host"))
    await ice.addRemoteCandidate(None)
    driver = loop.create_task(endpoint.run())
    try:
        async with asyncio.timeout(20):
            await ice.start(aiortc.RTCIceParameters(usernameFragment="ours", password="o" * 22))
            algorithm, value = certificate.fingerprint.split(" ")
            await dtls.start(aiortc.RTCDtlsParameters([aiortc.RTCDtlsFingerprint(algorithm, value)]))
            assert dtls.state == "connected"
            while endpoint.srtp is None:
                await asyncio.sleep(0.01)
            said = packet.build(0, False, 1, 160, 0x1234, bytes(160))
            await dtls._send_rtp(said)
            endpoint.socket.sendto(endpoint.srtp.seal(said), endpoint.transport.selected)
            while not (heard and endpoint.heard):
                await asyncio.sleep(0.01)
            assert heard == endpoint.heard == [said]
            await dtls.stop()
            while endpoint.transport.failure is None:
                await asyncio.sleep(0.01)
            assert endpoint.transport.failure[0] == "dtls_closed"
    finally:
        driver.cancel()
        await ice.stop()
        endpoint.socket.close()


def transport(view: WebRtc, seed: int = 1) -> Transport:
    return Transport(view, Certificate(), MediaLimits(), random.Random(seed).getrandbits, 0.0)


def test_a_client_hello_that_overtakes_the_nomination_is_kept() -> None:
    one, other = Certificate(), Certificate()
    there, here = ("192.0.2.2", 2), ("192.0.2.1", 1)
    view = terms(there, active=False, fingerprint=other.fingerprint)
    ours = Transport(view, one, MediaLimits(), random.Random(1).getrandbits, 0.0)
    mine = mirrored(view, here, fingerprint=one.fingerprint)
    theirs = Transport(mine, other, MediaLimits(), random.Random(2).getrandbits, 0.0)
    held: list[bytes] = []
    now = 0.0
    while (ours.crypto is None or theirs.crypto is None) and now < 5:
        now += 0.01
        ours.handle_timer(now)
        theirs.handle_timer(now)
        for datagram, _ in theirs.take():
            if datagram[0] > 19 and ours.selected is None:
                held.append(datagram)
            ours.receive(datagram, there, now)
        for datagram, _ in ours.take():
            theirs.receive(datagram, here, now)
    assert ours.crypto is not None and theirs.crypto is not None


def test_dtls_of_somebody_who_has_proven_nothing_is_not_looked_at() -> None:
    ours = transport(terms(("192.0.2.2", 2), active=False))
    ours.receive(b"\x16\xfe\xfd" + bytes(100), ("192.0.2.2", 2), 0.0)
    assert ours._early is None and ours.failure is None


def test_a_phone_without_ice_may_move_in_the_call_and_keeps_its_association() -> None:
    """RFC 8842 §5.5: another address alone needs no new handshake."""
    view = replace(terms(("192.0.2.2", 2)), ice=False)
    ours = transport(view)
    ours.handle_timer(0.0)
    first = ours._dtls
    assert first is not None and ours.selected == ("192.0.2.2", 2)
    ours.change(replace(terms(("192.0.2.2", 8)), ice=False), 1.0)
    assert ours.selected == ("192.0.2.2", 8) and ours._dtls is first


def test_another_certificate_makes_a_new_association() -> None:
    """RFC 8842 §5.5"""
    view = terms(("192.0.2.2", 2))
    ours = transport(view)
    ours._ice.selected = ("192.0.2.2", 2)
    ours._shake_hands(0.0)
    first = ours._dtls
    ours.change(view, 1.0)
    assert ours._dtls is first
    ours.change(replace(view, fingerprints=(("sha-256", "BB"),)), 2.0)
    assert ours._dtls is not first
