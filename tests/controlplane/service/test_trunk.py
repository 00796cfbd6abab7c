"""Trunks of the configuration as the edge knows them."""

from config.trunk import Trunk
from controlplane.service.trunk import trunk_of
from edge.directory import AccountId, Enrolment, NumberFormat, Probing

A = AccountId("acc")


def made(**more: object) -> Trunk:
    return Trunk.model_validate({"name": "t", "proxy": "sip:h", **more})


def test_what_is_left_out_is_left_to_chance_nowhere() -> None:
    trunk = trunk_of(A, made())
    assert (trunk.username, trunk.password, trunk.realm, trunk.default) == ("", "", "", False)
    assert trunk.numbers == NumberFormat() and trunk.probing is None and trunk.enrolment is None
    assert trunk.id == trunk_of(A, made()).id != trunk_of(AccountId("b"), made()).id


def test_what_we_prove_is_of_the_registration_where_there_is_one() -> None:
    auth = {"username": "in", "password": "secret"}
    both = {"auth": auth, "register": {"username": "us", "password": "hush", "expires": "10m", "retry": "5s"}}
    trunk = trunk_of(A, made(realm="carrier", **both))
    assert (trunk.username, trunk.password, trunk.realm) == ("us", "hush", "carrier")
    assert trunk.enrolment == Enrolment("sip:h", 600, (5.0, 1_800.0))
    assert (trunk_of(A, made(auth=auth)).username, "secret" in repr(trunk)) == ("in", False)


def test_numbers_callers_headers_and_health_are_as_written() -> None:
    trunk = trunk_of(
        A,
        made(
            number_format="plus",
            rewrite=[{"match": "0([1-9])", "to": "49\\1"}],
            caller_id={"number": "12025550123", "from": "username", "assert": True, "privacy": "never"},
            headers={"accept": ["x-a"], "send": ["X-B"], "add": {"x-c": "1"}},
            health={"interval": "10s"},
        ),
    )
    assert (trunk.numbers.style, trunk.numbers.rules[0].pattern.pattern) == ("plus", "0([1-9])")
    assert (trunk.caller_id.username, trunk.caller_id.asserts, trunk.caller_id.privacy) == (
        True,
        True,
        "never",
    )
    assert (trunk.headers.accept, trunk.headers.add) == (("X-A",), (("X-C", "1"),))
    assert trunk.probing == Probing(10.0, 3, 2)
