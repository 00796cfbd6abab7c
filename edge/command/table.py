"""Which class carries out which command."""

from typing import assert_never

from edge.command.agent import AgentRunning
from edge.command.conference import ConferenceRunning
from edge.command.dial import DialRunning
from edge.command.enqueue import EnqueueRunning
from edge.command.gather import GatherRunning
from edge.command.hangup import HangupRunning
from edge.command.noop import NoopRunning
from edge.command.play import PlayRunning
from edge.command.record import RecordRunning
from edge.command.record_call import RecordCallRunning
from edge.command.running import AnyRunning, Stage
from edge.flow.command import Conference, Dial, Enqueue, Gather, Hangup, Issued, Noop, Play, Record


def running(stage: Stage, issued: Issued) -> AnyRunning:
    """Ready to start."""
    seq, command = issued.seq, issued.command
    match command:
        case Play():
            return PlayRunning(stage, seq, command)
        case Gather():
            return GatherRunning(stage, seq, command)
        case Dial(agent=""):
            return DialRunning(stage, seq, command)
        case Dial():
            return AgentRunning(stage, seq, command, running)
        case Record(call=""):
            return RecordRunning(stage, seq, command)
        case Record():
            return RecordCallRunning(stage, seq, command)
        case Hangup():
            return HangupRunning(stage, seq, command)
        case Noop():
            return NoopRunning(stage, seq, command)
        case Conference():
            return ConferenceRunning(stage, seq, command)
        case Enqueue():
            return EnqueueRunning(stage, seq, command)
        case _:
            assert_never(command)
