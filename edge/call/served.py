"""A caller whom a machine serves, an AI agent or a call flow: what both do alike in transfers.

The party that serves now may have brought about a conversation with a person. A bridge goes on with that one
when it is transferred, replaced or taken; where there is none, the caller may put somebody in its own place
(`succession.py`).
"""

import weakref
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from edge.call.bridge import adopt, take_on
from edge.call.call import Call
from edge.call.hold import HoldMusic
from edge.call.hunt import Hunt
from edge.call.leg import Leg
from edge.call.succession import Succession
from edge.call.treatment import Treatment
from edge.error import Refusal
from edge.sip.refer import Refer
from edge.sip.session import Session
from edge.sip.session_event import SessionEvent


class Party(Protocol):
    """Who serves the caller now: the attendance of an agent, or the running command of a flow."""

    @property
    def conversation(self) -> Hunt | None:
        """With the person whom it has brought to the caller."""

    @property
    def music(self) -> HoldMusic | None:
        """What is heard on hold in that conversation."""

    @property
    def attended(self) -> bool:
        """An AI agent talks with the caller."""

    def let_go(self) -> None:
        """The conversation goes on without it."""

    def relieve(self, now: float) -> bool:
        """A person takes the AI agent's place; False: not now."""

    def unallocated(self, leg: Leg, refusal: Refusal, now: float) -> None: ...
    def agreed(self, leg: Leg, now: float) -> None: ...
    def session_event(self, session: Session, event: SessionEvent, now: float) -> None: ...


P = TypeVar("P", bound=Party)


class Served(Treatment, Generic[P]):
    _party: P | None = None
    _succession: Succession | None = None

    # What the two do in their own way.

    def _succeeded(self, call: Call, number: str, now: float) -> None:
        """Somebody else has the caller's place, on a new `call.leg`."""

    def _parted(self, call: Call, outcome: str, now: float) -> None:
        """The machine is out of the call, which goes on: `transfer` or `taken_over`."""

    # What they do alike.

    def referred(self, call: Call, session: Session, refer: Refer, now: float) -> None:
        """A conversation becomes a bridge's, without us; else the caller may put somebody in its place."""
        talking = self._conversation
        if talking is not None and self._party is not None:
            if take_on(call, talking, session, refer, now, self._party.music):
                self._party.let_go()
                self._parted(call, "transfer", now)
            return
        if self._succession is None:
            me = weakref.proxy(self)  # weak: circles wait for the collector
            self._succession = Succession(call, lambda number, at: me._succeeded(call, number, at))
        self._succession.referred(session, refer, now)

    def dismiss(self, call: Call, session: Session, partner: Call | None, now: float) -> bool:
        talking = self._conversation
        if self._party is None or talking is None or partner is None:
            return talking is not None
        bridge = adopt(call, talking, self._party.music)
        self._party.let_go()
        self._parted(call, "transfer", now)
        return bridge.dismiss(call, session, partner, now)

    def release(self) -> Hunt | None:
        talking = None if self.former else self._conversation
        if talking is not None and self._party is not None:
            self._party.let_go()
        return talking

    @property
    def attended(self) -> bool:
        return self._party is not None and self._party.attended

    def relieve(self, call: Call, now: float) -> bool:
        relieved = self._party is not None and not self._pending and self._party.relieve(now)
        if relieved:
            self._parted(call, "taken_over", now)
        return relieved

    @property
    def former(self) -> Sequence[Hunt]:
        return () if self._succession is None else self._succession.former

    def outlives(self, call: Call, session: Session) -> bool:
        return self._succession is not None and self._succession.outlives(session)

    def unallocated(self, call: Call, leg: Leg, refusal: Refusal, now: float) -> None:
        if self._succession is not None and self._succession.unallocated(leg, refusal, now):
            return
        if self._party is not None:
            self._party.unallocated(leg, refusal, now)

    def agreed(self, call: Call, leg: Leg, now: float) -> None:
        if self._party is not None:
            self._party.agreed(leg, now)

    def session_event(self, call: Call, session: Session, event: SessionEvent, now: float) -> None:
        if self._succession is not None:
            self._succession.session_event(session, event, now)
        if self._party is not None:
            self._party.session_event(session, event, now)

    @property
    def _pending(self) -> bool:
        """The caller is just putting somebody in its place."""
        return self._succession is not None and self._succession.pending

    @property
    def _conversation(self) -> Hunt | None:
        """The one that may be given to a bridge now."""
        return None if self._party is None or self._pending else self._party.conversation
