"""RFC 3263 by a name server on loopback: cache, failure, and never a blocked loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from config.schema import SipLimits
from edge.sip.flow import Transport
from edge.sip.uri import Uri
from edge.transport.resolver import Resolver
from tests.support.dns import DnsServer, Zone

WAYS = (Transport.UDP, Transport.TCP, Transport.TLS)
ZONE = {
    ("example.com", "NAPTR"): ['90 50 "s" "SIP+D2T" "" _sip._tcp.example.com.'],
    ("_sip._tcp.example.com", "SRV"): ["0 1 5060 one.example.com.", "1 2 5070 two.example.com."],
    ("one.example.com", "A"): ["192.0.2.1"],
    ("two.example.com", "A"): ["192.0.2.2"],
    ("two.example.com", "AAAA"): ["2001:db8::2"],
}


class Scene:
    def __init__(self, server: DnsServer, resolver: Resolver) -> None:
        self.server = server
        self.resolver = resolver

    async def find(self, uri: str) -> list[tuple[str, str, int]]:
        located = await self.resolver.locate(Uri.parse(uri), WAYS)
        return [(t.transport.value, t.address, t.port) for t in located.targets]


@asynccontextmanager
async def scene(tmp_path: Path, zone: Zone = ZONE, ttl: int = 300, **limits: float) -> AsyncIterator[Scene]:
    server = await DnsServer(zone, ttl).start()
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.9 pbx\n")
    made = SipLimits.model_validate(limits)
    loop = asyncio.get_running_loop()
    resolver = Resolver(made, loop, lambda n: bytes(n), hosts=hosts, servers=[server.address])
    try:
        yield Scene(server, resolver)
    finally:
        server.stop()


async def test_naptr_srv_and_addresses_are_asked_for_once(tmp_path: Path) -> None:
    async with scene(tmp_path) as s:
        assert s.resolver.at_once(Uri.parse("sip:example.com"), WAYS) is None
        expected = [("TCP", "192.0.2.1", 5060), ("TCP", "2001:db8::2", 5070), ("TCP", "192.0.2.2", 5070)]
        both = await asyncio.gather(s.find("sip:example.com"), s.find("sip:Example.com"))
        assert both == [expected, expected]
        assert len(s.server.asked) == len(set(s.server.asked)) == 6
        located = s.resolver.at_once(Uri.parse("sip:example.com"), WAYS)
        assert located is not None and len(located.targets) == 3 and len(s.server.asked) == 6


async def test_addresses_and_names_of_this_machine_need_no_server(tmp_path: Path) -> None:
    async with scene(tmp_path) as s:
        for uri, address in (
            ("sip:192.0.2.5", "192.0.2.5"),
            ("sip:pbx", "127.0.0.9"),
            ("sip:localhost:5060", "::1"),
        ):
            located = s.resolver.at_once(Uri.parse(uri), WAYS)
            assert located is not None and located.targets[0].address == address
        assert s.server.asked == []


async def test_what_is_not_there_is_remembered_for_a_while(tmp_path: Path) -> None:
    async with scene(tmp_path) as s:
        for _ in range(2):
            located = await s.resolver.locate(Uri.parse("sip:no.example"), WAYS)
            assert located.targets == () and located.why == "no.example has no address"
        assert len(s.server.asked) == 5


async def test_an_answer_without_life_is_asked_for_again(tmp_path: Path) -> None:
    async with scene(tmp_path, ttl=0) as s:
        await s.find("sip:one.example.com:5060")
        await s.find("sip:one.example.com:5060")
        assert s.server.asked.count(("one.example.com", "A")) == 2


async def test_a_stale_answer_is_better_than_none(tmp_path: Path) -> None:
    """RFC 8767."""
    async with scene(tmp_path, ttl=0) as s:
        assert await s.find("sip:one.example.com:5060") == [("UDP", "192.0.2.1", 5060)]
        s.server.broken.add("one.example.com")
        assert await s.find("sip:one.example.com:5060") == [("UDP", "192.0.2.1", 5060)]


async def test_a_server_that_is_silent_costs_only_its_deadline(tmp_path: Path) -> None:
    async with scene(tmp_path, dns_timeout=0.2) as s:
        s.server.silent.add("one.example.com")
        async with asyncio.timeout(2):
            located = await s.resolver.locate(Uri.parse("sip:one.example.com:5060"), WAYS)
        assert located.why == "DNS does not answer for one.example.com"


async def test_what_is_kept_is_bounded(tmp_path: Path) -> None:
    async with scene(tmp_path, dns_names=100) as s:
        for n in range(60):
            await s.find(f"sip:h{n}.example:5060")
        assert len(s.resolver) == 100
        asked = len(s.server.asked)
        await s.find("sip:h0.example:5060")
        assert len(s.server.asked) == asked + 2, "the oldest went first"


async def test_a_name_that_no_dns_can_hold_has_no_address(tmp_path: Path) -> None:
    async with scene(tmp_path) as s:
        for name in ("a" * 64, ".".join(["a" * 60] * 5), "a..b"):
            located = await s.resolver.locate(Uri("sip", None, name), WAYS)
            assert located.targets == () and located.why


async def test_a_resolver_that_is_stopped_lets_nobody_wait(tmp_path: Path) -> None:
    async with scene(tmp_path) as s:
        s.server.silent.add("one.example.com")
        first = asyncio.ensure_future(s.find("sip:one.example.com:5060"))
        second = asyncio.ensure_future(s.find("sip:one.example.com:5060"))
        await asyncio.sleep(0.01)
        first.cancel()
        assert await second == [] and first.cancelled()
