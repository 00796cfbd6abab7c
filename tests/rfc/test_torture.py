"""RFC 4475 and RFC 5118, message by message: through the parser, a stream and the whole switch.

The files are those of the archives in the RFCs' appendices, byte for byte; `verdicts.yaml` beside them says
what becomes of each, and why.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from config.schema import SipLimits
from edge.sip.effect import Send
from edge.sip.flow import Flow, Transport
from edge.sip.message import Request
from edge.sip.parse import ParseError, parse_message
from edge.sip.stream import Framer
from tests.support.edge import Bench
from tests.support.torture import SOURCE, Everywhere, prove

FOLDER = Path(__file__).parent
MESSAGES = {"rfc4475": 49, "rfc5118": 12}
"How many of them the RFC describes."


def load(rfc: str, name: str) -> bytes:
    """The message as it is sent.

    The archive of RFC 5118 ends lines with LF alone, lacks the empty line of two messages, and counts bodies
    that it does not hold: what its text says stands here, as CRLF lines of the length that they have.
    """
    data = (FOLDER / rfc / f"{name}.dat").read_bytes()
    if rfc == "rfc4475":
        return data
    head, _, body = data.replace(b"\n", b"\r\n").partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if line]
    lines = [
        b"Content-Length: %d" % len(body) if line.startswith(b"Content-Length") else line for line in lines
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def verdicts(rfc: str) -> dict[str, dict[str, Any]]:
    read: dict[str, dict[str, Any]] = yaml.safe_load((FOLDER / rfc / "verdicts.yaml").read_text())
    return read


CASES = [(rfc, name, verdict) for rfc in MESSAGES for name, verdict in verdicts(rfc).items()]
each = pytest.mark.parametrize(("rfc", "name", "verdict"), CASES, ids=[f"{r}-{n}" for r, n, _ in CASES])


def statuses(bench: Bench) -> list[int]:
    """Of what the switch sends: as bytes, since an answer copies what was wrong with its request."""
    sent = [effect.data for effect in bench.switch.take_effects() if isinstance(effect, Send)]
    assert all(answer.startswith(b"SIP/2.0 ") for answer in sent)
    return [status for answer in sent if (status := int(answer[8:11])) > 100]


@pytest.mark.parametrize("rfc", MESSAGES)
def test_every_message_of_the_rfc_has_a_file_a_verdict_a_section_and_a_reason(rfc: str) -> None:
    given = verdicts(rfc)
    assert {path.stem for path in (FOLDER / rfc).glob("*.dat")} == set(given)
    assert len(given) == MESSAGES[rfc]
    assert all(verdict["section"] and verdict["reason"] for verdict in given.values())


@each
def test_the_parser_finds_what_is_wrong_and_nothing_else(
    rfc: str, name: str, verdict: dict[str, Any]
) -> None:
    got = parse_message(load(rfc, name))
    if fault := verdict.get("fault"):
        assert isinstance(got, ParseError) and got.where == fault
        return
    assert not isinstance(got, ParseError)
    again = parse_message(got.wire())
    assert not isinstance(again, ParseError) and again.wire() == got.wire()
    assert (again.from_, again.to, again.cseq, again.via) == (got.from_, got.to, got.cseq, got.via)


@each
def test_the_switch_answers_as_the_rfc_says(rfc: str, name: str, verdict: dict[str, Any]) -> None:
    bench = Bench(Everywhere())
    data = load(rfc, name)
    bench.switch.receive([(data, Flow(Transport.UDP, SOURCE))], bench.now)
    assert statuses(bench) == verdict["answers"]


@each
def test_the_switch_serves_or_refuses_who_proves_himself(
    rfc: str, name: str, verdict: dict[str, Any]
) -> None:
    if "proven" not in verdict:
        assert verdict["answers"] != [401]
        return
    data = load(rfc, name)
    request = parse_message(data)
    assert isinstance(request, Request)
    bench = Bench(Everywhere(request))
    assert prove(bench, data) == verdict["proven"]


@each
def test_a_stream_frames_it_or_is_given_up(rfc: str, name: str, verdict: dict[str, Any]) -> None:
    """In one piece and byte by byte alike (RFC 3261 §18.3)."""
    data = load(rfc, name)
    whole, bytewise = Framer(SipLimits()), Framer(SipLimits())
    framed = whole.receive(data)
    assert [message for byte in data for message in bytewise.receive(bytes([byte]))] == framed
    assert (whole.fault, whole.between_messages) == (bytewise.fault, bytewise.between_messages)
    for message in framed:
        bench = Bench(Everywhere())
        bench.switch.receive([(message, Flow(Transport.TCP, SOURCE))], bench.now)
        unmeasured = (
            whole.fault and verdict["answers"] != [] and statuses(bench) == [400]
        )  # no Content-Length
        assert statuses(bench) == verdict["answers"] or name == "dblreq" or unmeasured
