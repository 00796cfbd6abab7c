"""Where a trunk may lead: one that the API has made to public addresses alone (`config.address`)."""

from dataclasses import replace

from config.address import is_public
from edge.directory import Trunk
from edge.sip.locate import Located


def allowed(trunk: Trunk, located: Located) -> Located:
    """What of it may be tried."""
    if trunk.trusted:
        return located
    targets = tuple(target for target in located.targets if is_public(target.address))
    if targets or not located.targets:
        return replace(located, targets=targets)
    return Located((), "its addresses are private: set security.reach: any, or put it into the configuration")
