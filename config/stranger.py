"""Agents, tools and trunks as the API may make them: none leads into the operator's own network.

`security.reach: any` lets them, as those of the file may. Literal addresses are refused here, names when they
are resolved: `trusted` goes with the object to whoever connects.
"""

import ipaddress
from typing import ClassVar, Final
from urllib.parse import urlsplit

from pydantic import model_validator

from config.address import is_private_host, is_public
from config.agent import BUILTIN_DEMO, INBOUND, Agent
from config.section import refusal
from config.tool import Tool
from config.trunk import Trunk

_NARROWEST: Final = {4: 16, 6: 32}
"Bits of the widest network that may be a trunk's: whoever calls from there is never banned."


class StrangerAgent(Agent):
    trusted: ClassVar[bool] = False

    @model_validator(mode="after")
    def _public(self) -> "StrangerAgent":
        if self.url not in (INBOUND, BUILTIN_DEMO):
            _refuse_private("url", urlsplit(self.url).hostname or "")
        return self


class StrangerTool(Tool):
    trusted: ClassVar[bool] = False

    @model_validator(mode="after")
    def _public(self) -> "StrangerTool":
        _refuse_private("url", urlsplit(self.url).hostname or "")
        return self


class StrangerTrunk(Trunk):
    trusted: ClassVar[bool] = False

    @model_validator(mode="after")
    def _public(self) -> "StrangerTrunk":
        _refuse_private("proxy", _host(self.proxy))
        if self.register_ is not None and self.register_.registrar is not None:
            _refuse_private("registrar", _host(self.register_.registrar))
        for text in self.auth.ip:
            network = ipaddress.ip_network(text)
            if network.prefixlen < _NARROWEST[network.version]:
                raise refusal(f"{text} is too wide for a trunk", "name the carrier's addresses")
            if not is_public(str(network.network_address)):
                raise refusal(f"{text} is not public", _FIX)
        return self


_FIX: Final = "use a public one, put the object into the configuration file, or set security.reach: any"


def _refuse_private(what: str, host: str) -> None:
    if is_private_host(host):
        raise refusal(f"{what}: {host} is not a public address", _FIX)


def _host(uri: str) -> str:
    """Of a SIP URI."""
    rest = uri.partition(":")[2].partition(";")[0].rpartition("@")[2]
    return rest.partition("]")[0].strip("[") if rest.startswith("[") else rest.partition(":")[0]
