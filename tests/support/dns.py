"""Name service of a test: a zone of text, answered to a generator at once or to a resolver over UDP."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from edge.sip.flow import Transport
from edge.sip.locate import Answer, Kind, Located, Naptr, Query, Record, Srv, locate
from edge.sip.uri import Uri

Zone = Mapping[tuple[str, str], Sequence[str]]
'{("sip.example", "A"): ["192.0.2.1"]}: records in the form of a zone file, by name and kind.'


def record(kind: Kind, text: str) -> Record:
    words = text.split()
    match kind:
        case Kind.SRV:
            target = words[3].rstrip(".")
            return Srv(int(words[0]), int(words[1]), int(words[2]), target)
        case Kind.NAPTR:
            flags, service = words[2].strip('"'), words[3].strip('"')
            return Naptr(int(words[0]), int(words[1]), flags, service, words[5].rstrip("."))
        case _:
            return text


def located(
    uri: str | Uri,
    answer: Callable[[Query], Answer],
    ways: Sequence[Transport] = (Transport.UDP, Transport.TCP, Transport.TLS),
    random: Callable[[int], bytes] = bytes,
    asked: list[Query] | None = None,
) -> Located:
    """What `locate` finds when `answer` is the whole DNS; `asked` takes down the questions."""
    lookup = locate(Uri.parse(uri) if isinstance(uri, str) else uri, ways, random)
    answers: list[Answer] | None = None
    while True:
        try:
            queries = lookup.send(answers) if answers is not None else next(lookup)
        except StopIteration as end:
            result: Located = end.value
            return result
        if asked is not None:
            asked += queries
        answers = [answer(query) for query in queries]


def zone(records: Zone) -> Callable[[Query], Answer]:
    return lambda query: [record(query.kind, t) for t in records.get((query.name, query.kind.value), ())]


class DnsServer(asyncio.DatagramProtocol):
    """Authority for `records`; names of `silent` get no answer, those of `broken` SERVFAIL."""

    def __init__(self, records: Zone, ttl: int = 300) -> None:
        self.records = dict(records)
        self.ttl = ttl
        self.silent: set[str] = set()
        self.broken: set[str] = set()
        self.asked: list[tuple[str, str]] = []
        self.address = ("127.0.0.1", 0)

    async def start(self) -> "DnsServer":
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=self.address)
        self.address = self._transport.get_extra_info("sockname")
        return self

    def stop(self) -> None:
        self._transport.close()

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        if name in self.silent:
            return
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA
        if name in self.broken:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif texts := self.records.get((name, kind)):
            response.answer.append(dns.rrset.from_text(question.name, self.ttl, "IN", kind, *texts))
        elif not any(known == name for known, _ in self.records):
            response.set_rcode(dns.rcode.NXDOMAIN)
        self._transport.sendto(response.to_wire(), address)


@contextmanager
def served(records: Zone) -> Iterator[tuple[str, int]]:
    """A name server in a thread of its own, for daemons that are told to ask it; its address."""
    loop = asyncio.new_event_loop()
    names = loop.run_until_complete(DnsServer(records).start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield names.address
    finally:
        loop.call_soon_threadsafe(names.stop)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(asyncio.sleep(0))  # in which the socket is closed
        loop.close()
