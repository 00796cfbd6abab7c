"""What only travels with an INVITE of ours: ACK of a failure and CANCEL (RFC 3261 §17.1.1.3, §9.1)."""

from collections.abc import Iterable

from edge.sip.headers import Headers
from edge.sip.message import Request, Response


def ack_of_failure(invite: Request, response: Response) -> Request:
    """The ACK for the non-2xx `response`; its To, with the peer's tag, is that of the response."""
    return _companion(invite, "ACK", response.headers.get("To") or "", ())


def cancel_of(invite: Request, headers: Iterable[tuple[str, str]]) -> Request:
    """The CANCEL of `invite`, with more `headers` such as Reason."""
    return _companion(invite, "CANCEL", invite.headers.get("To") or "", headers)


def _companion(invite: Request, method: str, to: str, more: Iterable[tuple[str, str]]) -> Request:
    get = invite.headers.get
    headers = Headers(
        (
            ("Via", get("Via") or ""),  # ours, which the layer put on a line of its own
            ("Max-Forwards", "70"),
            ("From", get("From") or ""),
            ("To", to),
            ("Call-ID", get("Call-ID") or ""),
            ("CSeq", f"{invite.cseq.number} {method}"),
            *(("Route", route) for route in invite.headers.all("Route")),
            *more,
        )
    )
    return Request(method, invite.uri, headers)
