"""Who is meant by a request that a strict router is sent (RFC 3261 §16.4)."""

import pytest

from edge.sip.headers import Headers
from edge.sip.message import Request
from edge.sip.strict_route import meant
from edge.sip.uri import Uri


def request(uri: str, *routes: str, method: str = "INVITE") -> Request:
    return Request(method, Uri.parse(uri), Headers([("Route", route) for route in routes]), b"body")


def test_who_is_meant_stands_last_in_route_and_leaves_it() -> None:
    found = meant(
        request("sip:edge.example", "<sip:hop.example>", "<sip:1001@demo.local;method=BYE?Subject=x>")
    )
    assert str(found.uri) == "sip:1001@demo.local" and found.body == b"body"
    assert found.headers.all("Route") == ["<sip:hop.example>"]


@pytest.mark.parametrize(
    "other",
    [
        request("sip:1001@demo.local", "<sip:edge.example;lr>", "<sip:1002@demo.local>"),
        request("sip:edge.example"),
        request("sip:edge.example", "<sip:hop.example>"),
        request("sip:edge.example", "<http:1001@demo.local>"),
        request("sip:edge.example", "no address <"),
        request("sip:edge.example", ""),
        request("sip:edge.example", "<sip:1001@demo.local>", method="REGISTER"),
    ],
    ids=repr,
)
def test_any_other_request_is_left_alone(other: Request) -> None:
    assert meant(other) is other
