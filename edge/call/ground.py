"""What every call stands on: handed to each by the switch, one for all of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from config.schema import SipLimits
from edge.acd.acd import Acd
from edge.acd.callback import Promised
from edge.agenda import Agenda
from edge.call.outage import Outages
from edge.channels import Channels
from edge.conference import Conferences
from edge.directory import AccountId, Directory
from edge.error import Refusal
from edge.event.line import Lines
from edge.event.message_summary import Mailbox
from edge.flow.command import Pledge
from edge.ident import Random
from edge.journal import Binding, CallId, Cdr
from edge.question import Question, Then
from edge.recordings import Recording
from edge.routing.route import Route
from edge.sip.address import Address
from edge.sip.flow import Flow, Transport
from edge.sip.locate import Located
from edge.sip.refer import Replaces
from edge.sip.session import Session, Wire
from edge.sip.uri import Uri
from media.port import Command

if TYPE_CHECKING:
    from edge.call.call import Call
    from edge.call.treatment import Treatment


class Reach(Protocol):
    """How we are reached, and how we reach others."""

    def sent_by(self, flow: Flow) -> str:
        """Our `host:port` as a peer on `flow` must see it, IPv6 in brackets."""

    def media_address(self, flow: Flow) -> str:
        """Our numeric address for RTP as a peer on `flow` must see it."""

    def flow_to(self, transport: Transport, host: str, port: int, name: str = "") -> Flow | None:
        """A path to a numeric address; None when we do not speak that transport or family.

        `name` is whom a TLS peer must prove to be.
        """

    def alive(self, flow: Flow) -> bool:
        """Whether what is sent on `flow` needs no other connection than that which it names."""


def contact_address(reach: Reach, flow: Flow, user: str, towards: Uri | None = None) -> Address:
    """Our Contact for a peer on `flow`.

    Args: towards: Request-URI of the INVITE or SUBSCRIBE; SIPS asks for SIPS (RFC 3261 §8.1.1.8, §12.1.1).
    Within our domain the next hop is ours to choose (§26.2.2), so without TLS we name what is there.
    """
    host, _, port = reach.sent_by(flow).rpartition(":")
    # `wss` is no value of the parameter: `ws` stands for both (RFC 7118 §5.2).
    kind = Transport.WS if flow.transport is Transport.WSS else flow.transport
    params = () if kind is Transport.UDP else (("transport", kind.value.lower()),)
    scheme = "sip"
    if towards is not None and towards.scheme == "sips" and flow.transport in (Transport.TLS, Transport.WSS):
        scheme = "sips"
        params = params if flow.is_web else ()  # `transport=tls` is of SIP alone (§26.2.2)
    return Address("", Uri(scheme, user or None, host, int(port), params))


def bind_address(configured: str, seen: str) -> str:
    """Where to bind a leg's socket: `configured`, unless the peer on `seen` speaks the other family."""
    if (":" in configured) is (":" in seen):
        return configured
    return {"0.0.0.0": "::", "::": "0.0.0.0"}.get(configured, seen)


@dataclass(slots=True)
class Ground:
    wire: Wire
    agenda: Agenda
    directory: Directory
    reach: Reach
    limits: SipLimits
    random: Random
    wall: Callable[[float], int]
    "Monotonic seconds → ms UTC."
    rtp_address: str
    "Local address that legs are bound to."
    stun: tuple[tuple[str, int], ...]
    "Servers that tell browsers' legs where they are seen."
    media: Callable[[Command], None]
    bindings: Callable[[AccountId, str, float], Sequence[Binding]]
    "(account, AOR, now) → where it is registered, best first."
    resolve: Callable[[Uri, Callable[[Located, float], None]], None]
    "(URI, then): `then(where its servers are, now)` comes later, also for a numeric host."
    own: Callable[[Session, "Call"], None]
    "Events of this session are the call's."
    close: Callable[["Call", Cdr, float], None]
    "The call is over and everything is given back."
    prefer: Callable[[Route], Route]
    "The same route, with trunks that answer first in its list."
    lines: Callable[[], Lines]
    "Who is in which call."
    channels: Channels
    acd: Acd
    "Queues, and who serves them."
    find: Callable[[Replaces], "tuple[Session, Call] | None"]
    "The live session that a Replaces names, and its call."
    treat: "Callable[[Route], Treatment | Refusal]"
    "What a caller gets at the end of a route."
    ask: Callable[[Question, Then], None]
    "(question, then): `then(reply, now)` comes later, or at once."
    record: Callable[[Recording], str]
    "Announce a recording; the path to write it to."
    recorded: Callable[[str], str]
    "Key → where that recording is, once it is complete."
    promise: Callable[[AccountId, Pledge, Promised, float], CallId | None]
    "To call somebody back: (account, pledge, then, now); its id if it is being written down."
    mailbox: Callable[[AccountId, str], Mailbox]
    "(account, user's number): the voice messages that wait."
    outages: Outages = field(init=False)
    conferences: Conferences = field(init=False)

    def __post_init__(self) -> None:
        self.outages = Outages(self.limits)
        self.conferences = Conferences(self.limits, self.directory, self.media, self.wall)
