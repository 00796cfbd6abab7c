"""What an agent may ask of its call."""

from media.agent.contract import Ask, Digits, Message, ToolCall, Verb
from media.agent.dialect.tandem import Tandem
from media.agent.effect import Effect, Listen
from media.agent.protocol import Protocol
from media.agent.request import PENDING, PERMISSION, Requests
from media.port import (
    AgentAsked,
    AgentOptions,
    AgentSpec,
    AgentToolCall,
    Answer,
    AttachAgent,
    LegId,
    ToolResult,
    Words,
)
from tests.support.dialect import context

LEG = LegId("leg")


class Desk:
    def __init__(self, *allow: str, call_tools: bool = False) -> None:
        options = AgentOptions(allow=allow, call_tools=call_tools)
        command = AttachAgent(LEG, AgentSpec("bot", "tandem", "ws://h", options=options), "c", "a")
        self.sent: list[Message] = []
        self.effects: list[Effect] = []
        dialect = Tandem(context())
        self.requests = Requests(command, dialect, Protocol(LEG, 10), self.sent.extend, self.effects.append)


def test_only_what_the_configuration_allows_is_asked_for() -> None:
    desk = Desk("hold")
    desk.requests.ask(Ask(Verb.RESUME))
    assert desk.effects == [AgentAsked(LEG, 1, "resume", "")]
    desk.requests.ask(Ask(Verb.TRANSFER, "user:1002", "r"))
    assert "add transfer to `allow` of agent bot" in str(desk.sent)
    assert desk.requests.allowed("hold") and not desk.requests.allowed("dtmf")


def test_every_verb_needs_a_permission() -> None:
    assert set(PERMISSION) == set(Verb)


def test_a_request_is_answered_once() -> None:
    desk = Desk("hold")
    desk.requests.ask(Ask(Verb.HOLD, "", "r1"))
    for _ in range(2):
        desk.requests.tell(Answer(1))
    assert desk.sent == ['{"type":"answer","request":"hold","id":"r1","error":null}']
    assert desk.requests.muted and desk.effects[-1] == Listen()


def test_requests_that_wait_are_bounded() -> None:
    desk = Desk("play")
    for _ in range(PENDING + 1):
        desk.requests.ask(Ask(Verb.PLAY, "x"))
    assert len(desk.effects) == PENDING and "wait for their answer already" in str(desk.sent)


def test_tools_of_ours_do_what_the_words_do() -> None:
    desk = Desk("dtmf", "transfer", call_tools=True)
    use = desk.requests.use
    assert use(ToolCall("t1", "send_digits", '{"digits":"5"}')) == Digits("5")
    assert use(ToolCall("t2", "transfer_call", '{"target":"user:1002"}')) is None
    assert desk.effects == [AgentAsked(LEG, 1, "transfer", "user:1002")]
    desk.requests.tell(Answer(1, "nobody answers"))
    assert '"id":"t2","result":"nobody answers","failed":true' in str(desk.sent[-1])
    use(ToolCall("t3", "transfer_call", "{"))
    assert "not JSON" in str(desk.sent[-1])


def test_other_tools_are_the_calls_affair() -> None:
    desk = Desk()
    assert desk.requests.use(ToolCall("t1", "hang_up", "{}")) is None
    assert desk.effects == [AgentToolCall(LEG, "t1", "hang_up", "{}")]
    desk.requests.tell(ToolResult("t1", "sunny"))
    desk.requests.tell(Words("be brief"))
    assert len(desk.sent) == 2
