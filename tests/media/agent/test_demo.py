import base64
from typing import Any

import numpy as np

from media.agent.demo import ANSWERS, GOODBYE, GREETING, LOST, MENU, Call
from media.codec.g711 import LINEAR_TO_ULAW
from tests.support.sound import Pcm, at_level, silence
from tests.support.speech import speech

START = {"event": "start", "start": {"streamSid": "MZ1"}}


VOICE = {text: text.encode() for text in (GREETING + MENU, LOST + MENU, GOODBYE, *ANSWERS.values())}


class Edge:
    """The other end: keeps what the bot sends; a clear brings the pending marks back."""

    def __init__(self, phrase: str | None = None) -> None:
        self.sent: list[dict[str, Any]] = []
        self.pending: list[str] = []
        self.phrase = phrase
        self.call = Call(self.take, VOICE, self.understand)
        self.over = False

    async def take(self, message: dict[str, Any]) -> None:
        assert message["streamSid"] == "MZ1"
        self.sent.append(message)
        if message["event"] == "mark":
            self.pending.append(message["mark"]["name"])

    async def understand(self, said: Pcm) -> str | None:
        return self.phrase

    async def give(self, *messages: dict[str, Any]) -> list[str]:
        """What the bot does: texts it says, `clear`."""
        before = len(self.sent)
        for message in messages:
            self.over = not await self.call.handle(message) or self.over
        return [
            base64.b64decode(message["media"]["payload"]).decode() if "media" in message else message["event"]
            for message in self.sent[before:]
            if message["event"] != "mark"
        ]

    async def play(self) -> None:
        """All marks come back."""
        pending, self.pending = self.pending, []
        for name in pending:
            await self.give({"event": "mark", "streamSid": "MZ1", "mark": {"name": name}})

    async def speak(self, sound: Pcm) -> list[str]:
        done = []
        ulaw = LINEAR_TO_ULAW[sound.view(np.uint16)].tobytes()
        for start in range(0, len(ulaw), 160):
            payload = base64.b64encode(ulaw[start : start + 160]).decode()
            done += await self.give({"event": "media", "media": {"payload": payload}})
            if done and done[-1] == "clear":
                await self.play()
        return done


def dtmf(digit: str) -> dict[str, Any]:
    return {"event": "dtmf", "dtmf": {"track": "inbound_track", "digit": digit}}


async def test_greets_with_a_mark_behind_its_audio() -> None:
    edge = Edge()
    assert await edge.give({"event": "connected"}, START) == [GREETING + MENU]
    assert [message["event"] for message in edge.sent] == ["media", "mark"]


async def test_answers_a_key_at_once_and_drops_what_was_still_to_be_heard() -> None:
    edge = Edge()
    await edge.give(START)
    assert await edge.give(dtmf("1")) == ["clear", ANSWERS["1"]]
    await edge.play()
    assert await edge.give(dtmf("2")) == [ANSWERS["2"]], "nothing to drop"
    assert await edge.give(dtmf("7")) == ["clear", LOST + MENU]


async def test_falls_silent_when_the_caller_speaks_and_answers_the_phrase_afterwards() -> None:
    edge = Edge("opening hours")
    await edge.give(START)
    spoken = at_level(speech("opening hours"), -20)
    assert await edge.speak(np.concatenate([silence(0.5), spoken, silence(1)])) == ["clear", ANSWERS["1"]]


async def test_says_so_when_it_has_not_understood() -> None:
    edge = Edge(None)
    await edge.give(START)
    await edge.play()
    spoken = at_level(speech("good morning"), -20)
    assert await edge.speak(np.concatenate([spoken, silence(1)])) == [LOST + MENU]


async def test_leaves_when_its_goodbye_was_heard() -> None:
    for key in "9#":
        edge = Edge()
        await edge.give(START)
        await edge.play()
        assert await edge.give(dtmf(key)) == [GOODBYE]
        assert await edge.give(dtmf("1")) == [] and not edge.over
        await edge.play()
        assert edge.over


async def test_stop_ends_the_call() -> None:
    edge = Edge()
    await edge.give(START, {"event": "stop", "stop": {}})
    assert edge.over
