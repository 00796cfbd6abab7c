"""User-Agents of tools that look for PBXs to break into.

Their users can change the name, and careful ones do: this stops the crowd at the first packet, and what the
careful ones send is counted like everybody's.
"""

import re
from functools import lru_cache
from typing import Final

_NAMES: Final = (
    "friendly-scanner",  # sipvicious
    "friendly-request",
    "sipvicious",
    "sundayddr",
    "svwar",
    "svcrack",
    "sipcli",
    "sip-scan",
    "sipscan",
    "siparmyknife",
    "sip bomber",
    "sipbomber",
    "sipflood",
    "vaxsipuseragent",
    "vaxipuseragent",
    "pplsip",
    "iwar",
    "smap",
    "scanner",
    "masscan",
    "zmap",
    "nmap",
    "conaito",
    "csipdialer",
)
_FOUND = re.compile("|".join(rf"(?<![a-z]){re.escape(name)}(?![a-z])" for name in _NAMES), re.IGNORECASE)
_LENGTH: Final = 128
_REMEMBERED: Final = 1_024


def is_scanner(user_agent: str) -> bool:
    """Whether a User-Agent names a known scanner."""
    return user_agent != "" and _known(user_agent[:_LENGTH])


@lru_cache(maxsize=_REMEMBERED)
def _known(user_agent: str) -> bool:
    return _FOUND.search(user_agent) is not None
