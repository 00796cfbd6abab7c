"""What we tell of calls, presence, voice messages and registrations, as Kamailio's modules read it.

::

    our documents ── PUBLISH ─▶ Kamailio: read, put together ── NOTIFY ─▶ what it understood
                  ── NOTIFY (reg) ─▶ its location table ── OPTIONS ─▶ whom it would call
"""

import itertools
import re
import socket
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest

from edge.directory import AccountId
from edge.event import dialog_info, message_summary, presence, reg
from edge.event.line import Line, Stage
from edge.event.message_summary import Mailbox
from edge.journal import Binding, CallId
from tests.support.address import SIP_PORT, loopback
from tests.support.kamailio import Kamailio

DIALOG = "{urn:ietf:params:xml:ns:dialog-info}"
NUMBERS = ("1001", "+14155550100", "*97", "o'neil&sons", '"<b>"', "j%C3%BCrgen", "a b", "")


class Peer:
    """One UDP socket that speaks to Kamailio line by line."""

    def __init__(self, server: str, address: str) -> None:
        self.server, self.address = server, address
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, SIP_PORT))
        self._socket.settimeout(5.0)
        self._count = itertools.count(1)
        self._waiting: list[str] = []

    def close(self) -> None:
        self._socket.close()

    def say(self, text: str) -> None:
        self._socket.sendto(text.encode(), (self.server, SIP_PORT))

    def ask(
        self,
        method: str,
        user: str,
        headers: str = "",
        body: bytes = b"",
        *,
        call: str = "",
        to: str = "",
        from_: str = "",
    ) -> str:
        """The final answer."""
        number = next(self._count)
        uri = f"sip:{user}@demo.local"
        head = (
            f"{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {self.address}:{SIP_PORT};branch=z9hG4bK{number}\r\n"
            f"From: {from_ or f'<sip:{user}@demo.local>;tag={number}'}\r\nTo: {to or f'<{uri}>'}\r\n"
            f"Call-ID: {call or f'{number}@{self.address}'}\r\nCSeq: {number} {method}\r\n"
            f"Max-Forwards: 70\r\nContact: <sip:peer@{self.address}:{SIP_PORT}>\r\n{headers}"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self._socket.sendto(head.encode() + body, (self.server, SIP_PORT))
        return self.next(rf"SIP/2\.0 [2-6].*CSeq: {number} ")

    def next(self, pattern: str) -> str:
        """The first message that matches and was not taken yet."""
        for message in self._waiting:
            if re.match(pattern, message, re.S):
                self._waiting.remove(message)
                return message
        while True:
            message = self._socket.recv(65_536).decode()
            if re.match(pattern, message, re.S):
                return message
            self._waiting.append(message)

    def answer(self, request: str, headers: str = "") -> None:
        lines = [line for line in request.split("\r\n") if re.match("(Via|From|To|Call-ID|CSeq):", line)]
        lines = [f"{line};tag=peer" if line[:3] == "To:" and "tag=" not in line else line for line in lines]
        self.say("SIP/2.0 200 OK\r\n" + "\r\n".join(lines) + f"\r\n{headers}Content-Length: 0\r\n\r\n")


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    server, watched = loopback(), loopback()
    with Kamailio(tmp_path_factory.mktemp("events") / "k", "presence.cfg", server=server, watched=watched):
        peer = Peer(server, watched)
        yield peer
        peer.close()


def plain(element: ElementTree.Element) -> str:
    return ElementTree.canonicalize(ElementTree.tostring(element), strip_text=True)


def header(message: str, name: str) -> str:
    found = re.search(rf"^{name}: *(.*?)\r$", message, re.M)
    assert found is not None, (name, message)
    return found[1]


def understood(peer: Peer, user: str, event: str, content_type: str, bodies: list[bytes]) -> Iterator[str]:
    """What Kamailio tells a watcher of `user` after each of `bodies` has taken the place of the last."""
    accept = f"Event: {event}\r\nAccept: {content_type}\r\n"
    assert peer.ask("SUBSCRIBE", user, f"{accept}Expires: 600\r\n").startswith("SIP/2.0 20")
    peer.answer(peer.next("NOTIFY "))
    tag = ""
    for body in bodies:
        match = f"SIP-If-Match: {tag}\r\n" if tag else ""
        head = f"Event: {event}\r\nExpires: 600\r\nContent-Type: {content_type}\r\n{match}"
        answer = peer.ask("PUBLISH", user, head, body)
        assert answer.startswith("SIP/2.0 200"), (answer, body)
        tag = header(answer, "SIP-ETag")
        notify = peer.next("NOTIFY ")
        peer.answer(notify)
        yield notify.partition("\r\n\r\n")[2]


def test_calls_in_every_state(peer: Peer) -> None:
    """RFC 4235 by presence_dialoginfo, which takes each document apart and puts it together anew."""
    lines = [
        Line(CallId(f"call-{number}"), outgoing, stage, remote, waits=not outgoing)
        for number, (outgoing, stage, remote) in enumerate(itertools.product((True, False), Stage, NUMBERS))
    ]
    for number, state in enumerate([[], *([line] for line in lines), lines[:2], lines[:12]]):
        # Each of somebody else: a dialog that was published as terminated is never another one again.
        ours = dialog_info.document(f"blf{number}", "demo.local", number, state)
        (theirs,) = understood(peer, f"blf{number}", "dialog", dialog_info.CONTENT_TYPE, [ours])
        said, read = ElementTree.fromstring(ours), ElementTree.fromstring(theirs)
        assert read.get("entity") == said.get("entity") and read.get("state") == "full"
        dialogs = [plain(dialog) for dialog in read.findall(f"{DIALOG}dialog")]
        assert dialogs == [plain(dialog) for dialog in said.findall(f"{DIALOG}dialog")]


def test_presence(peer: Peer) -> None:
    """RFC 3863 and RFC 4480 by presence and presence_xml."""
    for number, user in enumerate(NUMBERS):
        states = itertools.product((True, False), (True, False))
        bodies = [presence.document(user, "demo.local", reachable=r, busy=b) for r, b in states]
        told = understood(peer, f"pidf{number}", "presence", presence.CONTENT_TYPE, bodies)
        for ours, theirs in zip(bodies, told, strict=True):
            assert plain(ElementTree.fromstring(theirs)) == plain(ElementTree.fromstring(ours))


def test_waiting_messages(peer: Peer) -> None:
    """RFC 3842 by presence_mwi, which refuses what does not fit its grammar."""
    for number, user in enumerate(NUMBERS):
        boxes = [Mailbox(), Mailbox(1), Mailbox(0, 3), Mailbox(12, 345)]
        bodies = [message_summary.document(user, "demo.local", box) for box in boxes]
        kind = message_summary.CONTENT_TYPE
        told = understood(peer, f"mwi{number}", "message-summary", kind, bodies)
        assert [text.encode() for text in told] == bodies


def test_registrations_become_contacts_of_a_proxy(peer: Peer) -> None:
    """RFC 3680 by pua_reginfo: it calls whom the last document has, and nobody whom that has not."""
    contacts = [
        "sip:1001@192.0.2.1:5060",
        "sips:1001@[2001:db8::1]:5061;transport=tls",
        "sip:o'neil@192.0.2.2;x=1;y=%22&z",
        "sip:a1b2c3@d4e5.invalid;transport=ws;ob",
    ]
    assert peer.ask("OPTIONS", "watch").startswith("SIP/2.0 200")
    subscribe = peer.next("SUBSCRIBE ")
    contact = f"Contact: <sip:1001@{peer.address}:{SIP_PORT}>\r\n"
    peer.answer(subscribe, f"Expires: 3600\r\n{contact}")
    head = f"Event: reg\r\nSubscription-State: active;expires=3600\r\nContent-Type: {reg.CONTENT_TYPE}\r\n"
    version = itertools.count()

    def told(*bound: str) -> None:
        bindings = [
            Binding(AccountId("a"), "1001", uri, 1.0, 60_000, "call", 1, (), "udp:192.0.2.1:5060/0/0", "")
            for uri in bound
        ]
        body = reg.document("1001", "demo.local", next(version), bindings, 0)
        to, from_ = header(subscribe, "From"), header(subscribe, "To") + ";tag=peer"
        call = header(subscribe, "Call-ID")
        answer = peer.ask("NOTIFY", "1001", head, body, call=call, to=to, from_=from_)
        assert answer.startswith("SIP/2.0 200"), (answer, body)

    key = "1001%40demo.local"  # this module files contacts under a whole address
    for uri in contacts:
        told(uri)
        where = peer.ask("OPTIONS", key)
        assert where.startswith("SIP/2.0 200") and header(where, "X-Where") == uri
        told()
        assert peer.ask("OPTIONS", key).startswith("SIP/2.0 404")
