"""What to change where a trunk does not take our password (RFC 3261 §22.3)."""

import pytest

from edge.directory import Trunk
from edge.sip.build import response_to
from edge.sip.message import Response
from edge.trunk.challenge import remedy
from tests.edge.sip.test_keyring import asked, challenge
from tests.support.directory import FakeDirectory


def trunk(username: str = "us", realm: str = "") -> Trunk:
    directory = FakeDirectory()
    directory.add_trunk("main", username=username, realm=realm)
    return directory.trunks["main"]


@pytest.mark.parametrize(
    ("of", "response", "words"),
    [
        (trunk(), challenge("carrier"), ("asked by realm 'carrier'", "mend username and password")),
        (trunk(realm="carrier"), challenge("carrier", status=407), ("mend username and password",)),
        (trunk(realm="carrier"), challenge("evil"), ("realm 'evil'", "realm 'carrier'", "change realm")),
        (trunk(""), challenge("carrier"), ("'carrier': give trunk main the username",)),
        (trunk(), challenge(), ("none by a digest of ours",)),
    ],
)
def test_it_names_who_asked_and_what_to_change(of: Trunk, response: Response, words: tuple[str, ...]) -> None:
    found = remedy(of, response)
    assert all(word in found for word in words) and "secret" not in found


def test_of_other_refusals_it_says_nothing() -> None:
    assert remedy(trunk(), challenge("carrier", status=407))
    assert remedy(trunk(), response_to(asked(), 403)) == ""
