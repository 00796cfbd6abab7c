"""What the API may make leads to nowhere private, unless the operator says so."""

from typing import Any

import pytest

from config.merge import Unfit, object_of

PUBLIC = "93.184.216.34"


def agent(host: str) -> dict[str, Any]:
    return {"dialect": "tandem", "url": f"wss://user@{host}:9000/media?x=1"}


def tool(host: str) -> dict[str, Any]:
    return {"description": "Looks it up.", "url": f"https://{host}/x"}


def trunk(host: str) -> dict[str, Any]:
    return {"proxy": f"sip:us@{host}:5060;transport=tcp"}


@pytest.mark.parametrize(("kind", "value"), [("agents", agent), ("tools", tool), ("trunks", trunk)])
@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.5", "[::1]", "169.254.169.254", "localhost"])
def test_a_private_address_is_refused_at_the_door(kind: str, value: Any, host: str) -> None:
    with pytest.raises(Unfit, match="not a public address; use a public one"):
        object_of(kind, "one", value(host))
    assert object_of(kind, "one", value(host), trusted=True)[1].trusted  # type: ignore[attr-defined]


@pytest.mark.parametrize(("kind", "value"), [("agents", agent), ("tools", tool), ("trunks", trunk)])
@pytest.mark.parametrize("host", [PUBLIC, "bot.example", "[2606:2800:220:1:248:1893:25c8:1946]"])
def test_a_name_is_judged_by_whoever_connects(kind: str, value: Any, host: str) -> None:
    assert not object_of(kind, "one", value(host))[1].trusted  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"auth": {"ip": ["10.0.0.0/24"]}}, "not public"),
        ({"auth": {"ip": ["8.0.0.0/9"]}}, "too wide"),
        ({"auth": {"ip": ["2600::/16"]}}, "too wide"),
        ({"register": {"username": "us", "password": "pw", "registrar": "sip:192.168.1.1"}}, "registrar"),
    ],
)
def test_a_trunk_s_other_addresses_are_judged_too(more: dict[str, Any], said: str) -> None:
    with pytest.raises(Unfit, match=said):
        object_of("trunks", "one", trunk(PUBLIC) | more)
    object_of("trunks", "one", trunk(PUBLIC) | more, trusted=True)


def test_a_bot_that_dials_us_has_no_address_and_the_demo_is_the_file_s() -> None:
    object_of("agents", "one", {"dialect": "tandem", "url": "inbound", "token": "x" * 16})
    for trusted in (False, True):
        with pytest.raises(Unfit, match="only the configuration file"):
            object_of("agents", "one", {"dialect": "twilio", "url": "builtin:demo"}, trusted=trusted)
