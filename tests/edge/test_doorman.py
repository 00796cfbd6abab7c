"""Who may watch and write: users of the account, proven by digest."""

import pytest

from edge.sip.message import Response
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone


@pytest.fixture
def bench() -> Bench:
    directory = FakeDirectory()
    directory.add_user("1001")
    directory.add_trunk("pbx", username="pbx", password="secret")
    return Bench(directory)


def ask(phone: Phone, uri: str) -> Response:
    phone.say("MESSAGE", uri, body="x")
    (response,) = phone.got()
    assert isinstance(response, Response)
    if response.status == 401:
        phone.say("MESSAGE", uri, body="x", headers=phone.authorization(response, "MESSAGE", uri))
        (response,) = phone.got()
        assert isinstance(response, Response)
    return response


def test_a_user_is_let_in(bench: Bench) -> None:
    for uri in ("sip:1001@demo.local", "tel:1001;phone-context=demo.local"):
        assert ask(Phone(bench, "1001"), uri).status == 202


def test_a_trunk_is_no_user(bench: Bench) -> None:
    refused = ask(Phone(bench, "pbx", 5), "sip:1001@demo.local")
    assert refused.status == 403 and "not_a_user" in (refused.headers.get("Warning") or "")


def test_nothing_is_relayed_to_other_domains(bench: Bench) -> None:
    refused = ask(Phone(bench, "1001"), "sip:1001@elsewhere.example")
    assert refused.status == 403 and "foreign_domain" in (refused.headers.get("Warning") or "")
