"""A browser's leg on the engine of the daemon's own loop and on audio workers: ICE, DTLS, audio both ways."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest
import uvloop

from media.codec.g711 import ULAW_TO_LINEAR
from media.port import Allocate, Allocated, Connect, Echo, Failed, LegId, Secured
from media.rtp import packet
from media.webrtc.dtls import Certificate
from media.webrtc.transport import Transport
from tests.support import wav
from tests.support.address import loopback
from tests.support.webrtc import Endpoint, mirrored, terms
from tests.system.test_audio_workers import EVENTS, LIMITS, PCMU, TONE, Plane, plane, talk

LEG = LegId("web/1")


class Web:
    """A browser that is through its handshake."""

    def __init__(self, endpoint: Endpoint, server: tuple[str, int]) -> None:
        self._endpoint = endpoint
        self._server = server
        self._number = 0

    def say(self) -> None:
        """20 ms of the tone."""
        assert self._endpoint.srtp is not None
        self._number += 1
        data = packet.build(0, False, self._number, self._number * 160, 7, TONE.tobytes())
        self._endpoint.socket.sendto(self._endpoint.srtp.seal(data), self._server)

    def level(self) -> float:
        """Of 1 kHz in the last half second heard [dBFS]; no number until there is as much."""
        parsed = [packet.parse(memoryview(data)) for data in self._endpoint.heard[-40:]]
        audio = [bytes(each.payload) for each in parsed if each is not None and len(each.payload) == 160][
            -25:
        ]
        if len(audio) < 25:
            return float("nan")
        pcm = ULAW_TO_LINEAR[np.frombuffer(b"".join(audio), np.uint8)]
        return wav.tone_level_db(pcm / 32768.0, 1000.0)


@asynccontextmanager
async def browser(made: Plane, leg: LegId) -> AsyncIterator[Web]:
    """A leg of a browser, connected."""
    loop, here = asyncio.get_running_loop(), loopback()
    _, endpoint = await loop.create_datagram_endpoint(Endpoint, local_addr=(here, 0))
    made.do(Allocate(leg, here, webrtc=True))
    allocated = await made.until(lambda event: isinstance(event, Allocated) and event.leg == leg)
    assert isinstance(allocated, Allocated)
    certificate = Certificate()
    at = endpoint.socket.get_extra_info("sockname")
    view = terms(at, fingerprint=certificate.fingerprint)
    theirs = mirrored(view, (here, allocated.port), fingerprint=allocated.fingerprint)
    endpoint.transport = Transport(theirs, certificate, LIMITS, random.getrandbits, loop.time())
    made.do(Connect(leg, ("0.0.0.0", 9), PCMU, (PCMU,), EVENTS, webrtc=view))
    driver = loop.create_task(endpoint.run())
    try:
        secured = await made.until(lambda event: isinstance(event, Secured | Failed) and event.leg == leg)
        assert isinstance(secured, Secured) and secured.peer == at
        yield Web(endpoint, (here, allocated.port))
    finally:
        driver.cancel()
        endpoint.socket.close()


@pytest.mark.parametrize("workers", [0, 2])
def test_a_browser_is_found_and_hears_its_echo(workers: int) -> None:
    async def scenario() -> None:
        async with plane(workers) as made, browser(made, LEG) as web:
            made.do(Echo(LEG))
            await talk([], lambda: web.level() > -20.0, also=web.say)

    uvloop.run(scenario())
