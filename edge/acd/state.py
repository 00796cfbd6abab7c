"""The states of somebody who serves queues (S004-46, S004-48), as two tables.

*Status* is what agents say of themselves, *state* what the queues do with them. Signing in makes nobody
available: that is said apart. An event that a table does not list is refused (status) or our mistake (state).
"""

import enum
from typing import Final


class Status(enum.StrEnum):
    OFFLINE = "offline"
    AVAILABLE = "available"
    ON_BREAK = "on_break"


class AgentEvent(enum.StrEnum):
    LOGIN = "login"
    LOGOUT = "logout"
    AVAILABLE = "available"
    PAUSE = "pause"
    UNPAUSE = "unpause"


class State(enum.StrEnum):
    WAITING = "waiting"
    OFFERING = "offering"
    IN_CALL = "in_call"
    WRAP_UP = "wrap_up"


class Turn(enum.Enum):
    """What moves an agent from one state to the next."""

    OFFERED = "a caller is offered"
    RELEASED = "the offer is over, and the call is somebody else's or nobody's"
    TAKEN = "the agent has the caller"
    ENDED = "the conversation is over"
    RESTED = "wrap-up is over"


STATUS: Final = {
    Status.OFFLINE: {AgentEvent.LOGIN: Status.ON_BREAK, AgentEvent.LOGOUT: Status.OFFLINE},
    Status.ON_BREAK: {
        AgentEvent.LOGIN: Status.ON_BREAK,
        AgentEvent.LOGOUT: Status.OFFLINE,
        AgentEvent.AVAILABLE: Status.AVAILABLE,
        AgentEvent.PAUSE: Status.ON_BREAK,
        AgentEvent.UNPAUSE: Status.AVAILABLE,
    },
    Status.AVAILABLE: {
        AgentEvent.LOGIN: Status.AVAILABLE,
        AgentEvent.LOGOUT: Status.OFFLINE,
        AgentEvent.AVAILABLE: Status.AVAILABLE,
        AgentEvent.PAUSE: Status.ON_BREAK,
        AgentEvent.UNPAUSE: Status.AVAILABLE,
    },
}

STATE: Final = {
    State.WAITING: {Turn.OFFERED: State.OFFERING},
    State.OFFERING: {Turn.RELEASED: State.WAITING, Turn.TAKEN: State.IN_CALL},
    State.IN_CALL: {Turn.ENDED: State.WRAP_UP},
    State.WRAP_UP: {Turn.RESTED: State.WAITING},
}
