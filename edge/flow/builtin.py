"""Flows that every account has without writing them: voicemail, conferences and queues.

A target `{voicemail: "1001"}` and the code `*981001` lead to the first, `*97` to the second, targets
`{conference: board}` and `{queue: support}` to the others.
"""

from typing import Final

from edge.flow.document import read_flow
from edge.flow.machine import Program

LEAVE_MESSAGE: Final = "voicemail"
LISTEN: Final = "mailbox"
CONFERENCE: Final = "conference"
QUEUE: Final = "queue"

_LEAVE: Final = """
nodes:
  message: {kind: voicemail, mailbox: "{{ mailbox }}", next: goodbye}
  goodbye: {kind: play, prompt: {name: goodbye}, next: end}
  end: {kind: hangup}
"""
_LISTEN: Final = """
nodes:
  messages: {kind: mailbox, mailbox: "{{ mailbox }}", next: goodbye}
  goodbye: {kind: play, prompt: {name: goodbye}, next: end}
  end: {kind: hangup}
"""
_QUEUE: Final = """
nodes:
  people: {kind: enqueue, queue: "{{ queue }}", next: {answered: end, no_agents: nobody, default: busy}}
  nobody: {kind: play, prompt: {name: no-agents}, next: end}
  busy: {kind: play, prompt: {name: all-busy}, next: end}
  end: {kind: hangup}
"""

_CONFERENCE: Final = """
nodes:
  room: {kind: conference, room: "{{ room }}", next: {done: goodbye, failed: refused}}
  refused: {kind: play, prompt: {name: conference-refused}, next: end}
  goodbye: {kind: play, prompt: {name: goodbye}, next: end}
  end: {kind: hangup}
"""

BUILTIN: Final = Program(
    {
        name: read_flow(text, f"{name}.yaml", name=name).flow
        for name, text in (
            (LEAVE_MESSAGE, _LEAVE),
            (LISTEN, _LISTEN),
            (CONFERENCE, _CONFERENCE),
            (QUEUE, _QUEUE),
        )
    }
)
"Variables: `mailbox` is the user's number, `room` the conference's name, `queue` the queue's."
