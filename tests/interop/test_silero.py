"""Silero's own network, as Pipecat's package brings it, tells voices from what else is on a line."""

import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from media.agent.second_opinion import CONTEXT, ENOUGH, WINDOW
from media.silero import UNITS, Model
from tests.support import sound, wav
from tests.support.address import loopback
from tests.support.bot import Bot
from tests.support.caller import Phone
from tests.support.daemon import PASSWORDS, WORKERS, Daemon
from tests.support.process import ROOT, wait_until
from tests.support.speech import speech
from tests.support.wav import Signal

pytestmark = pytest.mark.alone

PLACE = ".venv/pipecat/lib/python3*/site-packages/pipecat/audio/vad/data/silero_vad.onnx"
VADS = ("builtin", "silero")


@pytest.fixture(scope="module")
def network() -> Path:
    found = sorted(ROOT.glob(PLACE))
    if not found:
        pytest.skip("Pipecat is not installed (scripts/interop installs it)")
    return found[0]


def buzzer(seconds: float) -> Signal:
    """A machine that the builtin detector takes for a voice: a wavering 180 Hz, five times a second."""
    times = np.arange(int(seconds * sound.RATE)) / sound.RATE
    waver = times + 0.02 * np.sin(6 * np.pi * times)
    swell = (0.5 + 0.5 * np.sin(10 * np.pi * times)) ** 2
    return sound.at_level(np.sign(np.sin(360 * np.pi * waver)) * swell, -15.0) / 32768


def test_a_sentence_is_a_voice_and_noise_and_keys_are_none(network: Path) -> None:
    model = Model(str(network))

    def share(pcm: NDArray[np.int16]) -> float:
        """Of windows that are taken for a voice."""
        heard, state = [], np.zeros((2, 1, UNITS), np.float32)
        padded = np.concatenate([np.zeros(CONTEXT), pcm / 32768]).astype(np.float32)
        for at in range(0, len(pcm) - WINDOW, WINDOW):
            probability, state = model.judge(padded[None, at : at + CONTEXT + WINDOW], state)
            heard.append(probability[0] >= ENOUGH)
        return float(np.mean(heard))

    said = speech("good morning, I would like to speak with somebody about my contract, please")
    assert share(sound.at_level(said, -20.0)) > 0.5
    assert share(sound.noise(3.0)) < 0.05
    assert share(sound.digits(3.0)) < 0.05


def test_a_voice_interrupts_an_agent_that_asks_and_a_buzzer_does_not(network: Path, tmp_path: Path) -> None:
    with (
        Bot(tmp_path / "bot", greeting=wav.tone(500.0, 20.0)) as bot,
        Daemon(
            tmp_path / "daemon",
            account={
                "extensions": [{"number": f"900{n}", "target": {"agent": vad}} for n, vad in enumerate(VADS)],
                "agents": {vad: bot.agent(barge_in={"vad": vad}) for vad in VADS},
            },
            settings={"media": {"workers": WORKERS, "models": {"silero": str(network)}}},
        ) as daemon,
        Phone(loopback(), daemon.sip, "1001", PASSWORDS["1001"]) as phone,
    ):

        def interrupted(number: str, said: Signal) -> bool:
            call = phone.dial(number)
            wait_until(lambda: any(packet.loudness > 0.05 for packet in call.heard), 60.0, what="it talks")
            call.say(said)
            call.wait_said()
            time.sleep(1.0)
            call.hang_up()
            return any(row["event"] == "AgentInterrupted" for row in daemon.trace(call.id))

        def late() -> float:
            return daemon.metrics()["tandem_agent_voice_late_total"]

        assert interrupted("9000", buzzer(2.0)), "else the next line says nothing"
        before = late()
        while interrupted("9001", buzzer(2.0)):
            # On a busy machine the network may have had no time to answer.
            assert before < (before := late()) < 3
        assert interrupted("9001", speech("no, wait a moment, please"))
        wait_until(
            lambda: daemon.metrics()["tandem_agent_voice_vetoed_total"] >= 1, 10.0, what="it is counted"
        )
