"""The vendors' own SDKs judge every message that we send them, and every one that our tests say they send."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any, Union, get_args

import pytest

from media.agent.contract import Context, Message
from media.agent.dialect.table import DIALECTS
from media.port import AgentOptions
from tests.support.vendor import DEEPGRAM, ELEVENLABS, GEMINI, OPENAI
from tests.support.vendor_server import NOTICES_AFTER, vendor

WHERE = "of dependency group sdk is not installed (.ci/run installs it)"

SESSIONS: dict[str, dict[str, Any]] = {
    "openai": {
        "instructions": "be brief",
        "audio": {
            "input": {
                "noise_reduction": {"type": "near_field"},
                "turn_detection": {"type": "server_vad", "interrupt_response": False},
            },
            "output": {"voice": "cedar"},
        },
        "tools": [{"type": "function", "name": "clock", "parameters": {"type": "object"}}],
    },
    "elevenlabs": {"conversation_config_override": {"agent": {"language": "en"}}},
    "deepgram": {
        "agent": {
            "listen": {"provider": {"type": "deepgram", "version": "v1", "model": "nova-3"}},
            "think": {"provider": {"type": "open_ai", "model": "gpt-4o-mini"}, "prompt": "be brief"},
            "speak": {"provider": {"type": "deepgram", "model": "aura-2-thalia-en"}},
        }
    },
    "gemini": {"systemInstruction": {"parts": [{"text": "be brief"}]}},
}


def talk(name: str, server: list[dict[str, Any]], audio: str = "") -> list[dict[str, Any]]:
    """Everything that the dialect says in a talk, audio left out where it is binary."""
    options = AgentOptions(
        model="gemini-live", greeting="Say hello.", session=json.dumps(SESSIONS[name]), audio=audio
    )
    context = Context("call-1", "acc", 24000, {"from": "1001"}, options)
    dialect = DIALECTS[name](context, lambda size: "0" * 2 * size)
    sent: list[Message] = dialect.open()
    for message in server:
        for action in dialect.receive_text(json.dumps(message).encode()):
            reply = getattr(action, "message", None)
            if reply is not None:
                sent.append(reply)
    sent += dialect.resume() or []
    if not dialect.bare:
        sent.append(dialect.hear(bytes(dialect.hears.frame_bytes)))
    dialect.receive_text(b'{"type":"response.created"}')
    sent += dialect.interrupted("item-1", 1200, 1200, 300)
    for call in ("call-1", "call-2"):
        sent += dialect.tool_result(call, "12:00", call == "call-2")
    sent += [*dialect.tell("be brief"), *dialect.digit("5", 100), *dialect.stop()]
    return [json.loads(message) for message in sent]


def extras(model: Any) -> Iterator[str]:
    """Fields that the SDK's types do not know."""
    for name in getattr(model, "model_extra", None) or ():
        yield f"{type(model).__name__}.{name}"
    for name in getattr(type(model), "model_fields", ()):
        value = getattr(model, name)
        for part in value if isinstance(value, list) else [value]:
            yield from extras(part)


def by_type(union: Any) -> dict[str, Any]:
    """Its members, by the literal that stands in `type`."""
    members: list[Any] = []

    def collect(part: Any) -> None:
        if isinstance(part, type) and hasattr(part, "model_fields"):
            members.append(part)
        else:
            for inner in get_args(part):
                collect(inner)

    collect(union)
    return {get_args(member.model_fields["type"].annotation)[0]: member for member in members}


def judge(messages: list[dict[str, Any]], types: dict[str, Any]) -> set[str]:
    """Which types were seen; fails where a message does not fit."""
    for message in messages:
        parsed = types[message["type"]].model_validate(message)
        assert not list(extras(parsed)), message
    return {message["type"] for message in messages}


@pytest.mark.parametrize("audio", ["", "pcm"])
def test_openai_takes_what_we_say_and_says_what_we_take(audio: str) -> None:
    realtime = pytest.importorskip("openai.types.realtime", reason=f"openai {WHERE}")
    said = judge(talk("openai", OPENAI, audio), by_type(realtime.RealtimeClientEvent))
    assert said == {
        "session.update",
        "response.create",
        "response.cancel",
        "input_audio_buffer.append",
        "conversation.item.truncate",
        "conversation.item.create",
    }
    judge(OPENAI, by_type(realtime.RealtimeServerEvent))


@pytest.mark.parametrize("audio", ["", "pcm"])
def test_deepgram_takes_what_we_say_and_says_what_we_take(audio: str) -> None:
    types = pytest.importorskip("deepgram.agent.v1.types", reason=f"deepgram-sdk {WHERE}")
    client = pytest.importorskip("deepgram.agent.v1.socket_client", reason=f"deepgram-sdk {WHERE}")
    ours = Union[types.AgentV1Settings, types.AgentV1InjectUserMessage, types.AgentV1SendFunctionCallResponse]  # noqa: UP007
    said = judge(talk("deepgram", DEEPGRAM, audio), by_type(ours))
    assert said == {"Settings", "InjectUserMessage", "FunctionCallResponse"}
    judge(DEEPGRAM, by_type(client.V1SocketClientResponse))


def test_gemini_takes_what_we_say_and_says_what_we_take() -> None:
    types = pytest.importorskip("google.genai.types", reason=f"google-genai {WHERE}")
    said = talk("gemini", GEMINI)
    for message in said:
        types.LiveClientMessage.model_validate(message)  # refuses fields that it does not know
    assert {key for message in said for key in message} == {
        "setup",
        "realtimeInput",
        "clientContent",
        "toolResponse",
    }
    for message in GEMINI:
        types.LiveServerMessage.model_validate(message)


class Handler:
    """Takes what ElevenLabs' client makes of the server's messages."""

    callback_audio_alignment = callback_agent_chat_response_part = None
    callback_agent_response = callback_agent_response_correction = callback_user_transcript = True
    callback_latency_measurement = None

    def __init__(self) -> None:
        self.heard: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., None]:
        if not name.startswith("handle_"):
            raise AttributeError(name)
        return lambda *arguments: self.heard.append(name.removeprefix("handle_"))


def test_elevenlabs_takes_what_we_say_and_says_what_we_take() -> None:
    sdk = pytest.importorskip("elevenlabs.conversational_ai.conversation", reason=f"elevenlabs {WHERE}")
    handler = Handler()
    conversation = sdk.BaseConversation.__new__(sdk.BaseConversation)
    conversation._conversation_id, conversation._last_interrupt_id = None, 0
    for message in ELEVENLABS:
        conversation._handle_message_core(message, handler)
    assert handler.heard == [
        "audio_output",
        "agent_response",
        "ping",
        "user_transcript",
        "interruption",
        "agent_response_correction",
        "client_tool_call",
        "audio_output",
    ], "as many as our dialect acts on"

    conversation.config, conversation.user_id = sdk.ConversationInitiationData(), None
    begins = json.loads(conversation._create_initiation_message())
    known = {event.value for event in sdk.ClientToOrchestratorEvent}
    said = talk("elevenlabs", ELEVENLABS)
    assert {message["type"] for message in said if "type" in message} <= known
    assert set(said[0]) <= set(begins)
    [chunk] = [message for message in said if "type" not in message]
    assert list(chunk) == ["user_audio_chunk"], "written out in the SDK's Conversation.start_session"
    results = [set(message) for message in said if message.get("type") == "client_tool_result"]
    assert results == [{"type", "tool_call_id", "result", "is_error"}] * 2


def test_the_judge_refuses_what_an_sdk_does_not_know() -> None:
    realtime = pytest.importorskip("openai.types.realtime", reason=f"openai {WHERE}")
    types = by_type(realtime.RealtimeClientEvent)
    with pytest.raises(AssertionError):
        judge([{"type": "session.update", "session": {"type": "realtime", "voise": "cedar"}}], types)
    with pytest.raises(ValueError):
        judge([{"type": "conversation.item.truncate", "item_id": "i"}], types)


async def test_the_openai_client_talks_with_our_test_server_as_our_dialect_does() -> None:
    openai = pytest.importorskip("openai", reason=f"openai {WHERE}")
    async with vendor("openai") as server:
        base = server.url.partition("/realtime")[0]
        client = openai.AsyncOpenAI(api_key="k", websocket_base_url=base, base_url="http://127.0.0.1:9/")
        async with client, client.realtime.connect(model="gpt-realtime") as connection:
            await connection.session.update(session={"type": "realtime", "instructions": "be brief"})
            kinds = [(await connection.recv()).type for _ in range(4)]
            for _ in range(NOTICES_AFTER):
                await connection.input_audio_buffer.append(audio="AAAA")
            while kinds[-1] != "input_audio_buffer.speech_started":
                kinds.append((await connection.recv()).type)
    assert kinds[:3] == ["session.created", "session.updated", "response.created"]
    assert kinds.count("response.output_audio.delta") == 10
    assert server.kinds() == ["session.update"] and server.frames == NOTICES_AFTER


async def test_the_elevenlabs_client_talks_with_our_test_server_as_our_dialect_does() -> None:
    sdk = pytest.importorskip("elevenlabs.conversational_ai.conversation", reason=f"elevenlabs {WHERE}")
    client = pytest.importorskip("elevenlabs.client", reason=f"elevenlabs {WHERE}")
    loop = asyncio.get_running_loop()
    heard, interrupted = bytearray(), asyncio.Event()

    class Interface(sdk.AsyncAudioInterface):  # type: ignore[misc, name-defined]
        async def start(self, input_callback: Any) -> None:
            self.speaking = loop.create_task(self.speak(input_callback))

        async def speak(self, say: Any) -> None:
            for _ in range(NOTICES_AFTER):
                await say(bytes(640))

        async def stop(self) -> None:
            await self.speaking

        async def output(self, audio: bytes) -> None:
            heard.extend(audio)

        async def interrupt(self) -> None:
            interrupted.set()

    async with vendor("elevenlabs") as server:
        base = server.url.partition("/v1/")[0].replace("ws:", "http:")
        conversation = sdk.AsyncConversation(
            client.AsyncElevenLabs(api_key="k", base_url=base),
            "agent-1",
            requires_auth=False,
            audio_interface=Interface(),
        )
        await conversation.start_session()
        async with asyncio.timeout(60.0):
            await interrupted.wait()
            while server.kinds().count("pong") < 1:
                await asyncio.sleep(0.01)
            await conversation.end_session()
            assert await conversation.wait_for_session_end() == "conv_1"
    assert len(heard) == 8_000 and server.frames == NOTICES_AFTER
    assert server.kinds()[0] == "conversation_initiation_client_data" and server.early == 0
