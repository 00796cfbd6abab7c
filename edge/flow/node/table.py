"""Every kind of node by its name in a document (S004-38)."""

from collections.abc import Mapping
from typing import Final

from edge.flow.node.agent import AgentNode
from edge.flow.node.callback import CallbackNode
from edge.flow.node.collect import Collect
from edge.flow.node.condition import Condition
from edge.flow.node.conference import ConferenceNode
from edge.flow.node.data import NodeData, snake
from edge.flow.node.dial import DialNode
from edge.flow.node.enqueue import EnqueueNode
from edge.flow.node.entry import Entry
from edge.flow.node.forward import Forward
from edge.flow.node.hangup import HangupNode
from edge.flow.node.mailbox import MailboxNode
from edge.flow.node.menu import Menu
from edge.flow.node.music import Music
from edge.flow.node.noop import NoopNode
from edge.flow.node.play import PlayNode
from edge.flow.node.record import RecordNode
from edge.flow.node.record_call import RecordCallNode
from edge.flow.node.say import Say
from edge.flow.node.send_digits import SendDigitsNode
from edge.flow.node.set_variable import SetVariable
from edge.flow.node.subflow import Subflow
from edge.flow.node.time_condition import TimeCondition
from edge.flow.node.voicemail import VoicemailNode
from edge.flow.node.webhook import Webhook

KINDS: Final[Mapping[str, type[NodeData]]] = {
    kind.KIND: kind
    for kind in (
        Entry,
        PlayNode,
        Say,
        Music,
        Menu,
        Collect,
        TimeCondition,
        Condition,
        SetVariable,
        Webhook,
        DialNode,
        Forward,
        EnqueueNode,
        CallbackNode,
        AgentNode,
        VoicemailNode,
        MailboxNode,
        RecordNode,
        RecordCallNode,
        ConferenceNode,
        SendDigitsNode,
        Subflow,
        HangupNode,
        NoopNode,
    )
}

_ALIASES: Final = {"http": "webhook", "flow": "subflow", "transfer": "forward"}
_SNAKE: Final = {snake(name): name for name in KINDS}


def kind_named(name: str) -> str | None:
    """The name in the table of a kind written in either spelling."""
    found = _SNAKE.get(snake(name))
    return found or _ALIASES.get(snake(name))
