"""INVITEs that we send for a call: to a registered device or by a trunk."""

from collections.abc import Sequence

from config.value import dataclass
from edge.call.call import Call
from edge.call.ground import Ground, contact_address
from edge.call.outage import LONGEST
from edge.custom_header import passed
from edge.directory import Trunk
from edge.ident import Random, tag
from edge.journal import Binding
from edge.sip.address import Address
from edge.sip.build import request
from edge.sip.calling import CallingSession
from edge.sip.capability import AGENT, ALLOW, SDP
from edge.sip.flow import Flow, Transport
from edge.sip.keyring import Keyring
from edge.sip.large import Large
from edge.sip.session import Headers
from edge.sip.uri import Uri
from edge.trunk.caller import Caller, for_phone, for_trunk
from edge.trunk.number import written


@dataclass(frozen=True, slots=True)
class Destination:
    """Where one INVITE goes."""

    uri: Uri
    "Request URI."
    to: Address
    flow: Flow
    route: tuple[str, ...] = ()
    trunk: Trunk | None = None
    large: Large | None = None
    "Where what is too large for a datagram goes."


def device_destination(call: Call, binding: Binding) -> Destination | None:
    """None when the binding can no longer be read, such as one of a listener that is gone."""
    try:
        flow, uri = Flow.parse(binding.flow), Uri.parse(binding.contact)
        Address.parse_many(binding.path, "Path")  # one that an earlier version let in
    except ValueError:
        return None
    domain = call.route.account.domain
    to = Address("", Uri("sip", binding.aor, domain), ())
    return Destination(uri.without_headers(), to, flow, binding.path)


def trunk_destination(trunk: Trunk, number: str, flow: Flow, large: Large | None = None) -> Destination:
    proxy = Uri.parse(trunk.proxy)
    uri = Uri("sip", written(trunk.numbers, number), proxy.host, proxy.port)
    return Destination(uri, Address("", uri, ()), flow, (), trunk, large)


def invite(
    call: Call,
    destination: Destination,
    offer: bytes,
    headers: Sequence[tuple[str, str]],
    caller: str = "",
) -> CallingSession:
    """A session whose INVITE is ready to start. Args: caller: shown instead of the caller's number."""
    ground = call.ground
    trunk = destination.trunk
    known = call.route.caller.name if call.route.caller is not None else call.identity.name
    who = Caller(caller or call.caller, known, call.identity.private)
    identity: Headers = ()
    names = call.route.account.headers if trunk is None else trunk.headers.send
    custom = passed(call.identity.headers, names)
    if trunk is None:
        shown = for_phone(who, call.route.account.domain)
    else:
        shown, identity = for_trunk(trunk, who, destination.uri.host)
        custom += trunk.headers.add
    contact = contact_address(ground.reach, destination.flow, shown.uri.user or "", destination.uri)
    hops = call.session.max_forwards
    message = request(
        "INVITE",
        destination.uri,
        from_=shown.with_tag(tag(ground.random)),
        to=destination.to,
        call_id=f"{ground.random(12).hex()}@tandem",
        cseq=1,
        contact=contact,
        route=Address.parse_many(destination.route, "Path"),
        headers=(("Allow", ALLOW), ("User-Agent", AGENT), *identity, *custom, *headers),
        body=offer,
        content_type=SDP,
        max_forwards=69 if hops is None else hops - 1,
    )
    keyring = None if trunk is None else keyring_of(trunk, ground.random)
    flow, large = destination.flow, destination.large
    return CallingSession(ground.wire, message, flow, contact=contact, keyring=keyring, large=large)


def keyring_of(trunk: Trunk, random: Random) -> Keyring | None:
    """For one call by `trunk`, whichever side began it; None: it has no password of ours."""
    return Keyring(trunk.username, trunk.password, random, trunk.realm) if trunk.username else None


def large_of(trunk: Trunk, flow: Flow, ground: Ground) -> Large | None:
    """For a call that `trunk` began on `flow`; None: what is large goes there like the rest."""
    if flow.transport is not Transport.UDP or Uri.parse(trunk.proxy).param("transport") is not None:
        return None
    return by_tcp_too(ground)


def by_tcp_too(ground: Ground) -> Large:
    """What is large goes by TCP where the rest goes by UDP, unless nobody took a connection there lately."""

    def by_tcp(flow: Flow, now: float) -> Flow | None:
        twin = ground.reach.flow_to(Transport.TCP, *flow.remote)
        return None if twin is None or ground.outages.resting(twin, now) else twin

    return Large(by_tcp, lambda flow, at: ground.outages.note(flow, at, LONGEST))
