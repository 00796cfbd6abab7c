"""Objects as they were given, and what is shown of them; the rest is in api/test_objects.py."""

import os
from pathlib import Path

import pytest
import structlog

from config.load import parse
from config.merge import Unfit
from config.schema import FlowLimits
from controlplane.auth.seal import Seal
from controlplane.service.object_shelf import ObjectShelf, of_file, shown

YAML = """
accounts:
  - id: acc
    domain: a.example
    users: [{number: "1001", ring_time: 20s, devices: [{username: alice, password: hush}]}]
    extensions: [{number: "77", target: {echo: true}}]
    queues: {support: {strategy: ring_all}}
"""


def shelf(folder: Path) -> ObjectShelf:
    return ObjectShelf(folder, Seal(folder, os.urandom), FlowLimits(), lambda alphabet: alphabet[0])


def test_rows_lead_back_to_the_documents(tmp_path: Path) -> None:
    one = shelf(tmp_path)
    one.documents = {("acc", "users", "1"): {"number": "1", "devices": []}}
    rows = [one.sealed(key, 5) for key in one.documents]
    two = shelf(tmp_path)
    two.load(rows)
    assert two.documents == one.documents


def test_a_device_keeps_its_password_or_gets_one(tmp_path: Path) -> None:
    before = {"devices": [{"username": "a", "password": "old"}]}
    value = {"devices": [{"username": "a"}, {"username": "b"}, {"username": "c", "password": "own"}]}
    name, made = shelf(tmp_path).named("users", "1", value, before)
    assert name == "1" and [one["password"] for one in made["devices"]] == ["old", "a" * 16, "own"]
    assert shown("users", made)["devices"] == [{"username": "a"}, {"username": "b"}, {"username": "c"}]


def test_what_the_file_has_is_shown_as_it_was_written_without_secrets() -> None:
    (account,) = parse(YAML, "test.yaml", Path(), {}).accounts
    user = {"number": "1001", "ring_time": 20.0, "devices": [{"username": "alice"}]}
    assert of_file(account, "users") == {"1001": user}
    assert of_file(account, "extensions") == {"77": {"number": "77", "target": {"echo": True}}}
    assert of_file(account, "queues") == {"support": {"strategy": "ring_all"}}


def test_what_does_not_go_with_the_file_is_told(tmp_path: Path) -> None:
    made = shelf(tmp_path)
    made.documents = {("acc", "users", "1001"): {}, ("acc", "users", "1002"): {"number": "x y"}}
    with structlog.testing.capture_logs() as logs:
        whole = made.merge(parse(YAML, "test.yaml", tmp_path, {}))
    assert len(logs) == 2 and len(whole.accounts[0].users) == 1 and len(made.left_out) == 2


def test_a_flow_has_a_file_for_each_of_its_texts(tmp_path: Path) -> None:
    made = shelf(tmp_path)
    made.documents = {("acc", "flows", "a"): {"nodes": {"x": {"kind": "hangup"}}}}
    settings = parse(YAML, "test.yaml", tmp_path, {})
    first = made.merge(settings).accounts[0].flows["a"]
    made.documents = {("acc", "flows", "a"): {"nodes": {"y": {"kind": "hangup"}}}}
    assert made.merge(settings).accounts[0].flows["a"] != first
    with pytest.raises(Unfit):
        made.named("flows", "b", {"nodes": {}}, None)


def test_a_flow_that_names_what_is_gone_is_left_out_with_what_leads_to_it(tmp_path: Path) -> None:
    made = shelf(tmp_path)
    made.documents = {
        ("acc", "flows", "a"): {"nodes": {"x": {"kind": "enqueue", "queue": "gone"}}},
        ("acc", "extensions", "80"): {"target": {"flow": "a"}},
        ("acc", "extensions", "81"): {"target": {"echo": True}},
    }
    whole = made.merge(parse(YAML, "test.yaml", tmp_path, {}))
    assert set(made.left_out) == {("acc", "flows", "a"), ("acc", "extensions", "80")}
    assert "gone" in made.left_out["acc", "flows", "a"]
    assert [one.number for one in whole.accounts[0].extensions] == ["77", "81"] and not whole.accounts[
        0
    ].flows


def test_a_name_that_is_a_path_is_no_name(tmp_path: Path) -> None:
    flow = {"nodes": {"bye": {"kind": "hangup"}}}
    for name in ("../../x", "..", "a/b", "", "x" * 65):
        with pytest.raises(Unfit, match="not a usable name"):
            shelf(tmp_path).named("flows", name, flow, None)
    assert not list(tmp_path.rglob("*.json"))


def test_secrets_of_trunks_and_agents_are_kept_when_left_out_and_never_shown(tmp_path: Path) -> None:
    made = shelf(tmp_path)
    agent = {"dialect": "openai", "model": "m", "api_key": "hush-hush", "headers": {"X-Key": "hush-hush"}}
    _, first = made.named("agents", "sales", agent, None)
    _, again = made.named("agents", "sales", {"dialect": "openai", "model": "n"}, first)
    assert (again["api_key"], again["model"]) == ("hush-hush", "n")
    assert "hush" not in str(shown("agents", again))
    trunk = {"proxy": "sip:carrier.example", "register": {"username": "us", "password": "hush-hush"}}
    name, kept = made.named("trunks", "carrier", trunk, None)
    assert name == "carrier" and shown("trunks", kept)["register"] == {"username": "us"}


def test_a_url_that_was_shown_without_its_secret_makes_nothing_new(tmp_path: Path) -> None:
    made = shelf(tmp_path)
    value = {"dialect": "tandem", "url": "wss://bot.example/media?key=hush"}
    _, kept = made.named("agents", "sales", value, None)
    assert made.named("agents", "sales", shown("agents", kept), kept)[1]["url"] == value["url"]
    with pytest.raises(Unfit, match="write the secret"):
        made.named("agents", "sales", shown("agents", kept), None)
