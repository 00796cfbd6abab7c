"""Home Assistant's telephone as a child process: voip-utils, whose requests are those of RFC 2543.

It has no branch, no tags of its own, no Max-Forwards and no digest; it speaks Opus alone and holds for a
trunk that is known by its address. `python -m tests.support.voip_utils '<json>'` is one call.
"""

import asyncio
import functools
import importlib
import json
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pytest

from tests.support import wav
from tests.support.address import SIP_PORT
from tests.support.process import Child
from tests.support.wav import Signal

RATE = 16_000
_RTP = 30_000


class HomeAssistant:
    """Its SIP port is open once the constructor of the block returns."""

    def __init__(
        self, folder: Path, address: str, *, speaks: Signal, dials: str = "", seconds: float = 0.0
    ) -> None:
        """
        Args:
            speaks: at `RATE`, once the call is up.
            dials: a URI; without it, it waits for a call and answers.
            seconds: after which it gives up a call that rings, or ends one that is up (0: the peer does).
        """
        pytest.importorskip("voip_utils", reason="voip-utils is not installed (scripts/interop installs it)")
        folder.mkdir(parents=True)
        self._heard = folder / "heard.wav"
        settings = {
            "address": address,
            "dials": dials,
            "seconds": seconds,
            "speaks": str(wav.write(folder / "speaks.wav", speaks, rate=RATE)),
            "heard": str(self._heard),
        }
        command = [sys.executable, "-m", "tests.support.voip_utils", json.dumps(settings)]
        self.child = Child(command, name="voip-utils")
        self.child.wait_for("open", 30.0)

    def heard(self) -> Signal:
        """What it heard until its call was over, at `RATE`."""
        self.child.wait_for("ended", 30.0)
        signal, rate = wav.read(self._heard)
        assert rate == RATE
        return signal

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.child.stop()
        if error is not None:
            error.add_note(self.child.report())


async def _main(settings: dict[str, Any]) -> None:
    voip, sip = importlib.import_module("voip_utils.voip"), importlib.import_module("voip_utils.sip")
    heard: list[bytes] = []
    up, over = asyncio.Event(), asyncio.Event()
    calls: list[Any] = []
    pcm = (wav.read(Path(settings["speaks"]))[0] * 32767).astype("<i2").tobytes()

    class Sound(voip.RtpDatagramProtocol):  # type: ignore[misc, name-defined]
        def on_chunk(self, audio_bytes: bytes) -> None:
            heard.append(audio_bytes)
            if not up.is_set():
                up.set()
                speaking.append(asyncio.create_task(self._speak()))

        async def _speak(self) -> None:
            await asyncio.to_thread(self.send_audio, pcm, RATE, 2, 1)

    class Telephone(voip.VoipDatagramProtocol):  # type: ignore[misc, name-defined]
        def on_call(self, call_info: Any) -> None:
            calls.append(call_info)
            super().on_call(call_info)

        def on_hangup(self, call_info: Any) -> None:
            super().on_hangup(call_info)
            over.set()

        def datagram_received(self, data: bytes, addr: Any) -> None:
            print(data.partition(b"\r\n")[0].decode(), flush=True)
            super().datagram_received(data, addr)

    speaking: list[asyncio.Task[None]] = []
    telephone = Telephone(
        sip.SdpInfo(username="homeassistant", id=7, session_name="voip_hass", version="1"),
        lambda call, state: Sound(rate=RATE, opus_payload_type=call.opus_payload_type, rtcp_state=state),
    )
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(lambda: telephone, (settings["address"], SIP_PORT))
    print("open", flush=True)
    dialled = None
    if settings["dials"]:
        me = sip.get_sip_endpoint(settings["address"], port=SIP_PORT, username="homeassistant")
        dialled = telephone.outgoing_call(me, sip.SipEndpoint(settings["dials"]), _RTP)
    if settings["seconds"]:
        await asyncio.sleep(settings["seconds"])
        end = functools.partial(telephone.hang_up, calls[0]) if calls else None
        (end or functools.partial(telephone.cancel_call, dialled))()
        await asyncio.sleep(0.5)  # for the answer
    async with asyncio.timeout(30.0):
        await over.wait()
    signal = np.frombuffer(b"".join(heard), "<i2") / 32768 if heard else wav.silence(0.1, rate=RATE)
    wav.write(Path(settings["heard"]), signal, rate=RATE)
    print("ended", flush=True)


if __name__ == "__main__":
    asyncio.run(_main(json.loads(sys.argv[1])))
