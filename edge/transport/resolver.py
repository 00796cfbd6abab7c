"""Carries out `edge.sip.locate` by the system's name servers, without ever holding up the loop.

Answers are kept for their time to live, and used a day beyond it when no server answers (RFC 8767): a
carrier whose DNS is down still takes calls. Equal questions under way are asked once.
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import dns.asyncresolver
import dns.exception
import dns.name
import dns.nameserver
import dns.resolver
import structlog
from dns.rdtypes.IN.A import A
from dns.rdtypes.IN.AAAA import AAAA
from dns.rdtypes.IN.NAPTR import NAPTR
from dns.rdtypes.IN.SRV import SRV

from config.schema import SipLimits
from config.value import dataclass
from edge.sip.flow import Transport
from edge.sip.locate import Answer, Kind, Located, Lookup, Naptr, Query, Record, Srv, locate
from edge.sip.uri import Uri
from edge.transport.hosts import Hosts

_LONGEST_LIFE: Final = 3_600.0  # of an answer, whatever its TTL [s]
_ABSENT_LIFE: Final = 30.0  # of "no such name" and "no such record" [s]
_STALE_LIFE: Final = 86_400.0  # [s]
_FAILURE_LIFE: Final = 2.0  # before servers that did not answer are asked again [s]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    answer: Answer
    fresh_until: float
    good_until: float
    "Better than nothing until then."


class Resolver:
    def __init__(
        self,
        limits: SipLimits,
        loop: asyncio.AbstractEventLoop,
        random: Callable[[int], bytes],
        *,
        hosts: Path = Path("/etc/hosts"),
        servers: Sequence[tuple[str, int]] = (),
    ) -> None:
        """Args: servers: name servers (address, port) to ask instead of the system's."""
        self._limits = limits
        self._loop = loop
        self._random = random
        self._hosts = Hosts(loop.time, hosts)
        self._dns = _configured(limits, servers)
        self._kept: dict[Query, Kept] = {}  # oldest first
        self._asking: dict[Query, asyncio.Future[Answer]] = {}
        self._room = asyncio.Semaphore(limits.dns_queries)

    def __len__(self) -> int:
        """Answers kept."""
        return len(self._kept)

    def at_once(self, uri: Uri, ways: Sequence[Transport]) -> Located | None:
        """The targets when no server has to be asked; None: call `locate`."""
        lookup = locate(uri, ways, self._random)
        answers: Sequence[Answer] | None = None
        while True:
            try:
                queries = lookup.send(answers) if answers is not None else next(lookup)
            except StopIteration as end:
                located: Located = end.value
                return located
            known = [self._known(query) for query in queries]
            if any(fresh is None for fresh in known):
                return None
            answers = [fresh[0] for fresh in known if fresh is not None]

    async def locate(self, uri: Uri, ways: Sequence[Transport]) -> Located:
        """Never raises: what cannot be found is told by `Located.why`."""
        lookup: Lookup = locate(uri, ways, self._random)
        answers: Sequence[Answer] | None = None
        while True:
            try:
                queries = lookup.send(answers) if answers is not None else next(lookup)
            except StopIteration as end:
                located: Located = end.value
                return located
            async with asyncio.TaskGroup() as tasks:
                asked = [tasks.create_task(self._answer(query)) for query in queries]
            answers = [task.result() for task in asked]

    # Inside.

    def _known(self, query: Query) -> tuple[Answer] | None:
        """What needs no server: a fresh answer, a name of the hosts file."""
        service = query.kind is Kind.SRV and query.name.count(".") > 1
        addresses = self._hosts.addresses(query.name.split(".", 2)[2] if service else query.name)
        if addresses:
            if query.kind in (Kind.A, Kind.AAAA):
                return (tuple(a for a in addresses if (":" in a) is (query.kind is Kind.AAAA)),)
            return ((),)
        kept = self._kept.get(query)
        return (kept.answer,) if kept is not None and self._loop.time() < kept.fresh_until else None

    async def _answer(self, query: Query) -> Answer:
        known = self._known(query)
        if known is not None:
            return known[0]
        if (asked := self._asking.get(query)) is not None:
            return await asyncio.shield(asked)
        future = self._asking[query] = self._loop.create_future()
        try:
            async with self._room:
                answer, life = await self._ask(query)
            self._keep(query, answer, life)
            answer = self._kept[query].answer
            future.set_result(answer)
            return answer
        finally:
            del self._asking[query]
            if not future.done():
                future.set_result(None)  # we are being stopped

    async def _ask(self, query: Query) -> tuple[Answer, float]:
        """The answer and its time to live [s]."""
        try:
            got = await self._dns.resolve(query.name, query.kind.value, search="." not in query.name)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return (), _ABSENT_LIFE
        except (dns.exception.DNSException, OSError, ValueError) as fault:
            _log.info("no answer from DNS", name=query.name, kind=query.kind.value, why=str(fault))
            return None, _FAILURE_LIFE
        records = tuple(record for data in got for record in _record(data))
        return records, min(float(got.chaining_result.minimum_ttl), _LONGEST_LIFE)

    def _keep(self, query: Query, answer: Answer, life: float) -> None:
        now = self._loop.time()
        before = self._kept.pop(query, None)
        kept = Kept(answer, now + life, now + life + _STALE_LIFE)
        if answer is None and before is not None and now < before.good_until:
            kept = Kept(before.answer, now + life, before.good_until)
        while len(self._kept) >= self._limits.dns_names:
            del self._kept[next(iter(self._kept))]
        self._kept[query] = kept


def _configured(limits: SipLimits, servers: Sequence[tuple[str, int]]) -> dns.asyncresolver.Resolver:
    try:
        made = dns.asyncresolver.Resolver(configure=not servers)
    except dns.resolver.NoResolverConfiguration:
        made = dns.asyncresolver.Resolver(configure=False)  # then every question fails, and says so
    if servers:
        made.nameservers = [dns.nameserver.Do53Nameserver(*server) for server in servers]
    made.lifetime = limits.dns_timeout
    made.timeout = limits.dns_timeout / 3  # so that a second and a third server get their chance
    made.cache = None
    return made


def _record(data: object) -> tuple[Record, ...]:
    match data:
        case A() | AAAA():
            return (str(data.address),)
        case SRV():
            return (Srv(data.priority, data.weight, data.port, _text(data.target)),)
        case NAPTR():
            flags, service = _latin(data.flags), _latin(data.service)
            return (Naptr(data.order, data.preference, flags, service, _text(data.replacement)),)
        case _:
            return ()


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower() if name != dns.name.root else ""


def _latin(data: bytes) -> str:
    return data.decode("latin-1")
