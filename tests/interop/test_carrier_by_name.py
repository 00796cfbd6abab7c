"""A carrier that is known by a domain: its proxies are found by NAPTR and SRV, and sipp is each of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.interop.house import OURS
from tests.interop.test_sipp_calls import BOTH, ended, hung_up, taken, up
from tests.support import dns
from tests.support.address import SIP_PORT, loopback
from tests.support.daemon import PASSWORDS, Daemon
from tests.support.scenario import AUDIO, called, calling
from tests.support.sipp import Sipp

NUMBER = "+14155550100"
PREFIXES = {"1415": "carrier", "1416": "half", "1417": "tcp", "1418": "ill"}


class Carrier:
    """Domains with two proxies each, in the zone of the name server that a daemon is told to ask."""

    def __init__(self, folder: Path) -> None:
        self.first, self.second, self.ill, self.absent = (loopback() for _ in range(4))
        self.folder = folder
        self._runs = 0
        srv = f"{{}} 0 {SIP_PORT} {{}}.carrier.test."
        self.zone = {
            ("carrier.test", "NAPTR"): [
                '10 0 "s" "SIP+D2U" "" _sip._udp.carrier.test.',
                '20 0 "s" "SIP+D2T" "" _sip._tcp.carrier.test.',
            ],
            ("_sip._udp.carrier.test", "SRV"): [srv.format(10, "a"), srv.format(20, "b")],
            ("half.test", "NAPTR"): ['10 0 "s" "SIP+D2U" "" _sip._udp.half.test.'],
            ("_sip._udp.half.test", "SRV"): [srv.format(10, "gone"), srv.format(20, "b")],
            ("_sip._udp.ill.test", "SRV"): [srv.format(10, "ill"), srv.format(20, "b")],
            ("tcp.test", "NAPTR"): ['10 0 "s" "SIP+D2T" "" _sip._tcp.tcp.test.'],
            ("_sip._tcp.tcp.test", "SRV"): [srv.format(10, "gone"), srv.format(20, "b")],
            ("_sip._tcp.ill.test", "SRV"): [srv.format(10, "ill"), srv.format(20, "b")],
            ("a.carrier.test", "A"): [self.first],
            ("b.carrier.test", "A"): [self.second],
            ("ill.carrier.test", "A"): [self.ill],
            ("gone.carrier.test", "A"): [self.absent],
        }

    @contextmanager
    def served(self, **carrier: object) -> Iterator[Daemon]:
        """Args: carrier: more of the trunk `ill`."""
        trunks = [{"name": name, "proxy": f"sip:{name}.test"} for name in PREFIXES.values()]
        trunks[-1] |= carrier
        routes = [{"prefix": prefix, "trunks": [name]} for prefix, name in PREFIXES.items()]
        account = {"trunks": trunks, "routes": routes}
        with dns.served(self.zone) as (address, port):
            node = {"name": "test", "data": str(self.folder / "daemon" / "data")}
            settings = {"node": node | {"nameservers": [{"address": address, "port": port}]}}
            with Daemon(self.folder / "daemon", account=account, settings=settings) as daemon:
                yield daemon

    def sipp(self, *given: object, **more: object) -> Sipp:
        self._runs += 1
        return Sipp(self.folder / f"sipp-{self._runs}", *given, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def carrier(tmp_path_factory: pytest.TempPathFactory) -> Carrier:
    return Carrier(tmp_path_factory.mktemp("carrier"))


@pytest.fixture(scope="module")
def daemon(carrier: Carrier) -> Iterator[Daemon]:
    with carrier.served() as made:
        yield made


def test_the_first_proxy_of_a_domain_is_called(carrier: Carrier, daemon: Daemon) -> None:
    """RFC 3263 §4.1, §4.2: NAPTR's order, SRV's priority, and the domain stays in the Request-URI."""
    who = {"number": NUMBER, "user": "1001", "password": PASSWORDS["1001"]}
    with (
        carrier.sipp(ended(taken()), address=carrier.first) as first,
        carrier.sipp(called().incoming().answer(500), address=carrier.second) as second,
        carrier.sipp(hung_up(up()), daemon.sip, **who) as near,
    ):
        near.done()
        first.done()
        assert first.one("INVITE").uri == f"sip:{NUMBER}@carrier.test"
        assert not second.wire()


def test_a_proxy_that_is_out_of_service_is_followed_by_the_next(carrier: Carrier, daemon: Daemon) -> None:
    """RFC 3263 §4.3: 503 leads to the next, in a new transaction. Without NAPTR, SRV is asked alone."""
    who = {"number": "+14185550100", "user": "1001", "password": PASSWORDS["1001"]}
    with (
        carrier.sipp(called().incoming().answer(503).ack_comes(), address=carrier.ill) as first,
        carrier.sipp(ended(taken()), address=carrier.second) as second,
        carrier.sipp(hung_up(up()), daemon.sip, **who) as near,
    ):
        near.done()
        first.done()
        second.done()
        tried, taken_by = first.one("INVITE"), second.one("INVITE")
        assert tried.header("Via") != taken_by.header("Via")


@pytest.mark.parametrize(("number", "transport"), [("+14165550100", "u1"), ("+14175550100", "t1")])
def test_a_proxy_that_is_not_there_is_followed_by_the_next(
    carrier: Carrier, daemon: Daemon, number: str, transport: str
) -> None:
    """RFC 3263 §4.3: an ICMP error, a refused connection, or the time that a server gets."""
    who = {"number": number, "user": "1001", "password": PASSWORDS["1001"]}
    with (
        carrier.sipp(ended(taken()), address=carrier.second, transport=transport, timeout=50) as second,
        carrier.sipp(hung_up(up()), daemon.sip, timeout=50, **who) as near,
    ):
        near.done()
        second.done()
        assert (
            second.one("INVITE").header("Via").startswith(f"SIP/2.0/{'UDP' if transport == 'u1' else 'TCP'}")
        )


def test_a_busy_callee_is_asked_once(carrier: Carrier, daemon: Daemon) -> None:
    """RFC 3263 §4.3: only 503, no answer and no connection lead on."""
    who = {"number": NUMBER, "user": "1001", "password": PASSWORDS["1001"]}
    refused = calling().invite(AUDIO, digest=True).expect(100, optional=True).expect(486).ack_refusal()
    with (
        carrier.sipp(called().incoming().answer(486).ack_comes(), address=carrier.first) as first,
        carrier.sipp(ended(taken()), address=carrier.second) as second,
        carrier.sipp(refused, daemon.sip, **who) as near,
    ):
        near.done()
        first.done()
        assert not second.wire()


@BOTH
def test_we_register_at_the_next_proxy_where_the_first_is_out_of_service(
    tmp_path: Path, transport: str
) -> None:
    """RFC 3263 §4.3 for our own registration: at once, in the same turn."""
    carrier = Carrier(tmp_path)
    out = called().comes("REGISTER").respond(503)
    first = carrier.sipp(out, address=carrier.ill, transport=transport)
    second = carrier.sipp(
        called().comes("REGISTER").respond(200), address=carrier.second, transport=transport
    )
    proxy = f"sip:ill.test;transport={OURS[transport]}"
    register = {"username": "us", "password": "secret", "retry": "1m"}
    with first, second, carrier.served(proxy=proxy, register=register) as daemon:
        first.done()
        second.done()
        tried, taken_by = first.one("REGISTER"), second.one("REGISTER")
        assert tried.uri.startswith("sip:ill.test") and taken_by.uri == tried.uri
        assert f"SIP/2.0/{OURS[transport].upper()} " in taken_by.header("Via")
        daemon.child.wait_for('"ill".*"registered"', 10.0)
