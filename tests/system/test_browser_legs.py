"""A browser's leg on the engine of the daemon's own loop and on audio workers: ICE, DTLS, audio both ways."""

import asyncio
import random
import time

import pytest
import uvloop

from media.port import Allocate, Allocated, Connect, Echo, Failed, LegId, Secured
from media.rtp import packet
from media.webrtc.dtls import Certificate
from media.webrtc.transport import Transport
from tests.support.address import loopback
from tests.support.webrtc import Endpoint, mirrored, terms
from tests.system.test_audio_workers import EVENTS, LIMITS, PCMU, TONE, plane

LEG = LegId("web/1")


@pytest.mark.parametrize("workers", [0, 2])
def test_a_browser_is_found_and_hears_its_echo(workers: int) -> None:
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        here = loopback()
        async with plane(workers) as made:
            _, endpoint = await loop.create_datagram_endpoint(Endpoint, local_addr=(here, 0))
            made.do(Allocate(LEG, here, webrtc=True))
            allocated = await made.until(lambda event: isinstance(event, Allocated))
            assert isinstance(allocated, Allocated)
            certificate = Certificate()
            at = endpoint.socket.get_extra_info("sockname")
            view = terms(at, fingerprint=certificate.fingerprint)
            theirs = mirrored(view, (here, allocated.port), fingerprint=allocated.fingerprint)
            endpoint.transport = Transport(theirs, certificate, LIMITS, random.getrandbits, loop.time())
            made.do(Echo(LEG), Connect(LEG, ("0.0.0.0", 9), PCMU, (PCMU,), EVENTS, webrtc=view))
            driver = loop.create_task(endpoint.run())
            try:
                secured = await made.until(lambda event: isinstance(event, Secured | Failed))
                assert isinstance(secured, Secured) and secured.peer == at
                deadline = time.monotonic() + 15
                number = 0
                while sum(TONE.tobytes() in heard for heard in endpoint.heard) < 20:
                    assert time.monotonic() < deadline, len(endpoint.heard)
                    number += 1
                    assert endpoint.srtp is not None
                    data = packet.build(0, False, number, number * 160, 7, TONE.tobytes())
                    endpoint.socket.sendto(endpoint.srtp.seal(data), (here, allocated.port))
                    await asyncio.sleep(0.02)
            finally:
                driver.cancel()
                endpoint.socket.close()

    uvloop.run(scenario())
