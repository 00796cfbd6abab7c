"""Where the audio of a leg goes: to what offer and answer say, also where they name a host (RFC 8866 §5.7).

A name is looked up beside the call, which waits for nothing: until there is an address, and where there is
none, the leg answers to wherever the peer's audio comes from.
"""

from typing import TYPE_CHECKING

from edge.call.leg import Leg, Port
from edge.sdp.numeric import numeric
from edge.sip.locate import Located
from edge.sip.uri import Uri

if TYPE_CHECKING:
    from edge.call.call import Call


def aim(call: "Call", leg: Leg) -> None:
    """Let audio flow as far as offer and answer allow."""
    agreed = leg.negotiated
    if agreed is None:
        return
    call.ground.media(leg.connect())
    if not agreed.name:
        return
    family = "IP6" if ":" in agreed.remote[0] else "IP4"

    def found(located: Located, now: float) -> None:
        addresses = [address for target in located.targets if (address := numeric(family, target.address))]
        outcome = addresses[0] if addresses else "unknown"
        call.trace.add(now, "call", "media_host", outcome=outcome, host=agreed.name)
        if addresses and leg.negotiated is agreed and leg.state is Port.TAKEN:
            leg.found(addresses[0])
            call.ground.media(leg.connect())

    # The port is given, so that RFC 3263 §4.2 asks for addresses alone.
    call.resolve(Uri("sip", None, agreed.name, agreed.remote[1]), found)
