"""A trunk of three servers behind SRV records, and what each of them is sent."""

from edge.sip.flow import Flow, Transport
from edge.sip.message import Request
from tests.support.edge import Bench, Phone

A, B, C = ("192.0.2.1", 5060), ("192.0.2.2", 5060), ("2001:db8::3", 5060)
ZONE = {
    ("_sip._udp.carrier.example", "SRV"): [
        "1 0 5060 a.carrier.example.",
        "2 0 5060 b.carrier.example.",
        "3 0 5060 c.carrier.example.",
    ],
    ("a.carrier.example", "A"): [A[0]],
    ("b.carrier.example", "A"): [B[0]],
    ("c.carrier.example", "A"): [],
    ("c.carrier.example", "AAAA"): [C[0]],
}


class Carrier(Phone):
    """One server of the carrier."""

    def __init__(self, bench: Bench, source: tuple[str, int]) -> None:
        super().__init__(bench, "14155550100", 9)
        self.source = source

    def invited(self, transport: Transport = Transport.UDP) -> Request | None:
        flow = Flow(transport, self.source)
        found = [m for m, f in self.bench.sent if f == flow and isinstance(m, Request)]
        self.bench.sent = [item for item in self.bench.sent if item[1] != flow]
        return next((m for m in found if m.method == "INVITE"), None)


def bench_of_servers() -> Bench:
    bench = Bench()
    bench.directory.add_user("1001")
    bench.directory.add_trunk("main", "sip:carrier.example;transport=udp", default=True)
    bench.zone.update({key: list(texts) for key, texts in ZONE.items()})
    return bench


def dialled(bench: Bench) -> tuple[Phone, Carrier, Carrier]:
    alice = Phone(bench, "1001")
    alice.dial("14155550100")
    return alice, Carrier(bench, A), Carrier(bench, B)
