"""What the API has made beside what the file says."""

from pathlib import Path

import pytest

from config.load import parse
from config.merge import Key, Object, Unfit, merged, object_of

YAML = """
accounts:
  - id: acc
    domain: a.example
    users: [{number: "1001"}]
    extensions: [{number: "77", target: {user: "1001"}}]
  - {id: other, domain: b.example, dids: [{number: "12025550199", target: {echo: true}}]}
"""
SETTINGS = parse(YAML, "test.yaml", Path(), {})


def objects(*made: tuple[str, str, dict[str, object]]) -> dict[Key, Object]:
    return {("acc", kind, name): object_of(kind, name, value)[1] for kind, name, value in made}


def test_without_objects_the_file_is_all_there_is() -> None:
    assert merged(SETTINGS, {}) == (SETTINGS, {})


def test_objects_stand_behind_those_of_the_file_and_may_name_each_other() -> None:
    did: dict[str, object] = {"target": {"queue": "s"}}
    made = objects(("users", "1003", {}), ("dids", "12025550188", did), ("queues", "s", {}))
    whole, wrong = merged(SETTINGS, made)
    assert not wrong and [user.number for user in whole.accounts[0].users] == ["1001", "1003"]
    assert whole.accounts[0].dids[0].target.value == "s" and whole.accounts[1] is SETTINGS.accounts[1]


def test_what_is_not_right_is_left_out_and_what_leads_to_it_too() -> None:
    made = objects(
        ("users", "1001", {}),
        ("users", "1003", {"devices": [{"username": "1001"}]}),
        ("extensions", "78", {"target": {"user": "1003"}}),
        ("extensions", "79", {"target": {"user": "1001"}}),
    )
    whole, wrong = merged(SETTINGS, made | {("none", "users", "1"): made["acc", "users", "1003"]})
    assert {key[2] for key in wrong} == {"1001", "1003", "78", "1"}
    assert [extension.number for extension in whole.accounts[0].extensions] == ["77", "79"]


def test_a_line_of_the_file_that_is_checked_later_stays() -> None:
    """A user is checked before the file's extension, an account's DID before those of the next one."""
    made = objects(
        *(("users", str(number), {}) for number in range(2000, 2020)),
        ("users", "77", {}),
        ("dids", "12025550199", {"target": {"echo": True}}),
    )
    whole, wrong = merged(SETTINGS, made)
    assert {key[2] for key in wrong} == {"77", "12025550199"} and len(whole.accounts[0].users) == 21


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("users", "1003", {"number": "1004"}),
        ("users", "a b", {}),
        ("dids", "12", {"target": {"echo": True}}),
        ("queues", "s", {"music": "/etc/hosts"}),
        ("queues", "s", {"strategy": "hope"}),
        ("schedules", "s", {"weekly": 1}),
    ],
)
def test_what_is_no_object_says_why_without_a_secret(kind: str, name: str, value: dict[str, object]) -> None:
    with pytest.raises(Unfit):
        object_of(kind, name, value)
    with pytest.raises(Unfit) as caught:
        object_of("users", "1", {"devices": [{"password": ["hush-hush"]}]})
    assert "hush-hush" not in str(caught.value)
