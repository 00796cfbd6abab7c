"""Requests that are refused before anybody looks closer (RFC 3261 §8.2.2, §8.2.3)."""

import pytest

from edge.sip.message import Request
from edge.sip.parse import parse_message
from edge.unservable import not_understood, unservable


def made(method: str, uri: str = "sip:1@h", lines: str = "Contact: <sip:a@h>\r\n", body: str = "") -> Request:
    message = parse_message(
        (
            f"{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n"
            f"To: <sip:a@b>\r\nCall-ID: c\r\nCSeq: 1 {method}\r\n{lines}"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()
    )
    assert isinstance(message, Request), message
    return message


def test_a_plain_request_is_served() -> None:
    assert unservable(made("INVITE")) is None and unservable(made("OPTIONS", lines="")) is None
    assert unservable(made("INVITE", "tel:+12025550123")) is None


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (made("OPTIONS", "mailto:a@b"), 416),
        (made("INVITE", lines="Contact: <sip:a@h>\r\nRequire: teleport\r\n"), 420),
        (made("INVITE", lines="Contact: <sip:a@h>\r\nContent-Type: text/plain\r\n", body="hello"), 415),
        (made("INVITE", lines="Contact: <sip:a@h>\r\nMax-Forwards: 0\r\n"), 483),
        (made("INVITE", lines=""), 400),
        (made("INVITE", lines="Contact: *\r\n"), 400),  # §8.1.1.8: one SIP or SIPS URI
        (made("INVITE", lines="Contact: <<>>\r\n"), 400),
        (made("INVITE", lines="Contact: <tel:+1>\r\n"), 400),
        (made("INVITE", lines="Contact: <sip:a@h>\r\nAccept: text/plain\r\n"), 406),
        (made("INVITE", lines="Contact: <sip:a@h>\r\nSupported: timer\r\nSession-Expires: 60\r\n"), 422),
    ],
)
def test_what_cannot_be_served_has_its_status(request_: Request, status: int) -> None:
    refusal = unservable(request_)
    assert refusal is not None and refusal[0] == status


def test_the_options_that_we_lack_are_named() -> None:
    refusal = unservable(made("OPTIONS", lines="Require: teleport, timer\r\n"))
    assert refusal == (420, (("Unsupported", "teleport"),))


def test_a_register_may_require_what_registrars_are_required() -> None:
    """RFC 3327 §5.3, RFC 5626 §6; nobody else may, as nothing would come of it."""
    lines = "Contact: <sip:a@h>\r\nRequire: path, outbound\r\n"
    assert unservable(made("REGISTER", lines=lines)) is None
    assert unservable(made("INVITE", lines=lines)) == (420, (("Unsupported", "path, outbound"),))


def test_a_body_that_may_be_ignored_is_ignored_and_one_that_must_be_understood_is_415() -> None:
    """RFC 3261 §8.2.3, §20.11: of an ISUP gateway."""
    lines = "Contact: <sip:a@h>\r\nContent-Type: application/isup\r\nContent-Disposition: signal;handling="
    assert unservable(made("INVITE", lines=f"{lines}optional\r\n", body="IAM")) is None
    refusal = unservable(made("INVITE", lines=f"{lines}required\r\n", body="IAM"))
    assert refusal is not None and refusal[0] == 415


def test_a_required_extension_in_a_dialog_is_looked_at_too() -> None:
    assert not_understood(made("BYE", lines="Require: teleport\r\n")) == (
        420,
        (("Unsupported", "teleport"),),
    )
    assert not_understood(made("INVITE", lines="Require: timer\r\n")) is None


@pytest.mark.parametrize("accept", ["application/sdp", "application/*, text/plain", "*/*;q=0.1", ""])
def test_an_accept_that_covers_sdp_is_served(accept: str) -> None:
    assert unservable(made("INVITE", lines=f"Contact: <sip:a@h>\r\nAccept: {accept}\r\n")) is None


def test_a_body_of_several_parts_is_served_when_one_is_a_description() -> None:
    """RFC 5621: what carriers send beside it, ISUP say, is not for us."""
    lines = 'Contact: <sip:a@h>\r\nContent-Type: multipart/mixed;boundary="b"\r\n'
    parts = "--b\r\nContent-Type: application/isup\r\n\r\n1\r\n"
    assert unservable(made("INVITE", lines=lines, body=f"{parts}--b--\r\n")) is not None
    parts += "--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n"
    assert unservable(made("INVITE", lines=lines, body=f"{parts}--b--\r\n")) is None


@pytest.mark.parametrize("method", ["INVITE", "UPDATE", "PRACK", "INFO", "MESSAGE"])
def test_a_body_that_is_packed_is_refused_with_what_we_read(method: str) -> None:
    """§8.2.3, §20.12: a text, for one, would be passed on without saying so."""
    for name in ("Content-Encoding", "e"):
        assert not_understood(made(method, lines=f"{name}: gzip\r\n", body="x")) == (
            415,
            (("Accept-Encoding", "identity"),),
        )
    assert not_understood(made(method, lines="Content-Encoding: Identity\r\n", body="x")) is None
    assert not_understood(made("BYE", lines="Content-Encoding: gzip\r\n", body="x")) is None
