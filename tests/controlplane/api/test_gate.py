"""The gate of operator routes (design §6, S004-03, S004-65); tokens of users are in test_queue_agent.py."""

import pytest
from starlette.requests import Request

from config.schema import Gates
from controlplane.api.envelope import Failure
from controlplane.api.gate import Gate


def verdict(
    source: str = "127.0.0.1",
    *,
    nodes: tuple[str, ...] = ("127.0.0.0/8", "::1/128"),
    token: str = "",
    **headers: str,
) -> str:
    gate = Gate(Gates.model_validate({"nodes": nodes, "admin_token": token}), frozenset({"edge-1"}))
    headers = {"host": "127.0.0.1:8080"} | headers
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "client": (source, 5),
        "headers": [
            (name.replace("_", "-").encode(), value.encode("utf-8")) for name, value in headers.items()
        ],
    }
    try:
        gate.check(Request(scope))
    except Failure as failure:
        assert failure.status == 403
        return failure.code
    return "passed"


@pytest.mark.parametrize("source", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_loopback_passes(source: str) -> None:
    assert verdict(source) == "passed"


@pytest.mark.parametrize("source", ["192.0.2.1", "::2", "", "unix"])
def test_other_addresses_do_not(source: str) -> None:
    assert verdict(source) == "not_allowed"


def test_a_listed_network_passes() -> None:
    assert verdict("192.0.2.1", nodes=("192.0.2.0/24",)) == "passed"
    assert verdict("127.0.0.1", nodes=("192.0.2.0/24",)) == "not_allowed"


def test_the_token_passes_from_anywhere() -> None:
    assert verdict("192.0.2.1", token="t0ken", x_admin_token="t0ken", host="edge.example") == "passed"
    assert verdict("192.0.2.1", token="t0ken", x_admin_token="wrong") == "bad_token"
    assert verdict("127.0.0.1", token="t0ken", x_admin_token="wrong") == "bad_token"


def test_an_empty_token_is_no_token() -> None:
    assert verdict("192.0.2.1", token="", x_admin_token="") == "bad_token"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost:8080", "[::1]:8080", "192.0.2.1:80", "EDGE-1:8080", "::1"]
)
def test_an_address_or_our_name_is_a_good_host(host: str) -> None:
    assert verdict(host=host) == "passed"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "", "127.0.0.1.evil.example", "[evil]"]
)
def test_a_name_rebound_to_loopback_does_not_pass(host: str) -> None:
    assert verdict(host=host) == "foreign_host"


def test_a_page_of_another_site_does_not_pass() -> None:
    assert verdict(origin="https://evil.example") == "foreign_origin"
    assert verdict(origin="null") == "foreign_origin"
    assert verdict(origin="http://127.0.0.1:9999") == "foreign_origin"
    assert verdict(origin="http://127.0.0.1:8080") == "passed"


@pytest.mark.parametrize("header", ["x_forwarded_for", "forwarded", "x_real_ip"])
def test_a_forwarded_request_is_not_local(header: str) -> None:
    assert verdict(**{header: "127.0.0.1"}) == "not_local"


def test_of_a_header_that_comes_twice_the_first_counts() -> None:
    hosts = [(b"host", b"evil.example"), (b"host", b"127.0.0.1")]
    scope = {"type": "http", "method": "GET", "path": "/", "client": ("127.0.0.1", 5), "headers": hosts}
    with pytest.raises(Failure, match="Host"):
        Gate(Gates(), frozenset()).check(Request(scope))


def test_a_token_is_compared_as_it_came() -> None:
    assert verdict("192.0.2.1", token="schlüssel", x_admin_token="schlüssel") == "passed"
