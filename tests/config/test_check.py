"""Cross-checks between sections (design §6)."""

from pathlib import Path
from typing import Any

import pytest

from config.check import check
from config.error import path_text
from config.merge import merged, object_of
from config.schema import Settings


def found(*accounts: dict[str, Any], **sections: Any) -> list[str]:
    """`path: what (fix)` of every finding."""
    filled = [{"id": f"a{i}", "domain": f"d{i}", **account} for i, account in enumerate(accounts)]
    settings = Settings.model_validate({"accounts": filled, **sections})
    return [f"{path_text(path)}: {what} ({fix})" for path, what, fix in check(settings)]


AGENTS = {"greeter": {"dialect": "twilio", "url": "builtin:demo"}}


def test_a_target_names_something_of_its_account() -> None:
    did = {"number": "12025550123", "target": {"agent": "greetr"}}
    assert found({"agents": AGENTS, "dids": [did]}) == [
        "accounts[0].dids[0].target: no such agent: greetr (did you mean greeter?)"
    ]
    assert found({"agents": AGENTS}, {"dids": [did]}) == [
        "accounts[1].dids[0].target: no such agent: greetr (the account has none)"
    ]


def test_every_kind_is_looked_up() -> None:
    for kind in ("flow", "user", "extension", "queue", "agent", "voicemail", "trunk"):
        assert "no such " + kind in found({"dids": [{"number": "123", "target": {kind: "x"}}]})[0]
    for target in (
        {"conference": "x"},
        {"forward": "+123"},
        {"echo": True},
        {"answer": True},
        {"hangup": True},
    ):
        assert found({"dids": [{"number": "123", "target": target}]}) == []


def test_users_are_found_by_number_and_by_username() -> None:
    users = [{"number": "1001", "devices": [{"username": "alice"}]}]
    for name in ("1001", "alice"):
        assert found({"users": users, "dids": [{"number": "123", "target": {"user": name}}]}) == []


def test_numbers_and_usernames_share_one_space() -> None:
    users = [
        {"number": "1", "devices": [{"username": "2"}, {"username": "1"}]},
        {"number": "2"},
        {"number": "3", "devices": [{"username": "x"}, {"username": "x"}]},
    ]
    findings = found({"users": users, "extensions": [{"number": "3", "target": {"echo": True}}]})
    assert [finding.split(":")[0] for finding in findings] == [
        "accounts[0].users[1].number",
        "accounts[0].users[1].devices[0].username",
        "accounts[0].users[2].devices[1].username",
        "accounts[0].extensions[0].number",
    ]


def test_the_echo_code_is_not_for_others() -> None:
    assert "is the echo test" in found({"extensions": [{"number": "*43", "target": {"hangup": True}}]})[0]


def test_dids_ids_and_domains_are_unique_over_all_accounts() -> None:
    did = {"number": "123", "target": {"echo": True}}
    findings = found({"dids": [did]}, {"dids": [did | {"number": "+123"}], "id": "a0", "domain": "D0"})
    assert [finding.split(":")[0] for finding in findings] == [
        "accounts[1].id",
        "accounts[1].domain",
        "accounts[1].dids[0].number",
    ]


def test_a_source_address_is_one_trunks() -> None:
    def trunk(name: str, *ip: str, **more: Any) -> dict[str, Any]:
        return {"name": name, "proxy": "sip:c.example", "auth": {"ip": list(ip)}, **more}

    assert "is taken already" in found({"trunks": [trunk("a", "192.0.2.1"), trunk("b", "192.0.2.1/32")]})[0]
    assert found({"trunks": [trunk("a", "192.0.2.1"), trunk("b", "192.0.2.0/24")]}) == []
    assert "whole Internet" in found({"trunks": [trunk("a", "0.0.0.0/0")]})[0]
    two = [trunk("a", "192.0.2.1", default=True), trunk("b", "192.0.2.2", default=True)]
    assert "default trunk already" in found({"trunks": two})[0]


def test_ports_do_not_collide() -> None:
    sip = [{"transport": "udp", "port": 5060}, {"transport": "udp", "port": 5060}]
    assert "is used twice" in found({}, listen={"sip": sip})[0]
    assert (
        found({}, listen={"sip": [{"transport": "udp", "port": 5060}, {"transport": "tcp", "port": 5060}]})
        == []
    )
    assert "lies in the RTP range" in found({}, listen={"sip": [{"transport": "udp", "port": 20_000}]})[0]
    assert "needs a certificate" in found({}, listen={"sip": [{"transport": "tls", "port": 5061}]})[0]


def test_a_flow_file_exists() -> None:
    assert "no such file" in found({"flows": {"r": "flows/none.yaml"}})[0]


def test_an_extension_cannot_lead_to_itself() -> None:
    assert "leads to itself" in found({"extensions": [{"number": "9", "target": {"extension": "9"}}]})[0]


def test_what_is_not_built_is_refused_rather_than_ignored() -> None:
    assert found({}, store="postgresql://h/d") == []
    assert "clusters are not built yet" in found({}, shared="redis://h")[0]


def test_business_hours_of_a_did_exist_and_lead_somewhere() -> None:  # S004-27
    did = {"number": "12025550123", "target": {"echo": True}}
    office = {"schedules": {"office": {"weekly": []}}}
    assert found({"dids": [did | {"schedule": "office", "closed": {"hangup": True}}], **office}) == []
    assert "no such schedule" in found({"dids": [did | {"schedule": "offic"}], **office})[0]
    assert "closed without a schedule" in found({"dids": [did | {"closed": {"hangup": True}}]})[0]
    bad = did | {"schedule": "office", "holiday": {"agent": "nobody"}}
    assert "no such agent" in found({"dids": [bad], **office})[0]


def test_a_call_limit_names_what_exists() -> None:  # S004-60
    def limit(scope: str, id: str = "") -> list[str]:
        return found({"call_limits": [{"scope": scope, "id": id, "period": "1m", "max": 5}]})

    assert limit("account") == limit("user") == limit("number", "14155550100") == []
    assert "no such user" in limit("user", "77")[0] and "no such DID" in limit("did", "77")[0]
    assert "takes no id" in limit("account", "x")[0]


def test_a_fallback_is_an_agent_of_the_account_and_ends_somewhere() -> None:
    agents = {
        "a": {"dialect": "tandem", "url": "ws://h", "fallback": "b"},
        "b": {"dialect": "tandem", "url": "ws://h", "fallback": "a"},
        "c": {"dialect": "tandem", "url": "ws://h", "fallback": "d"},
        "e": {"dialect": "tandem", "url": "ws://h", "fallback": "f"},
        "f": {"dialect": "tandem", "url": "ws://h"},
    }
    circle = "fallbacks lead in a circle (end them with an agent that has none)"
    assert found({"agents": agents}) == [
        f"accounts[0].agents.a.fallback: {circle}",
        f"accounts[0].agents.b.fallback: {circle}",
        "accounts[0].agents.c.fallback: no such agent: d (the account has a, b, c, e, f)",
    ]


@pytest.mark.parametrize(
    ("queue", "text"),
    [
        ({"members": [{"user": "9"}]}, "no such user: 9"),
        ({"members": [{"agent": "x"}]}, "no such agent: x"),
        ({"members": [{"user": "1001"}, {"user": "1001", "level": 2}]}, "taken already"),
        ({"overflow": {"queue": "q"}}, "no such other queue: q"),
        ({"overflow": {"queue": "z"}}, "no such other queue: z"),
        ({"music": "/nowhere.wav"}, "no such file"),
        ({"callback": {"schedule": "office"}}, "no such schedule: office"),
    ],
)
def test_a_queue_names_what_is_there(queue: dict[str, object], text: str) -> None:
    account = {"id": "a", "domain": "d", "users": [{"number": "1001"}], "queues": {"q": queue}}
    found = list(check(Settings.model_validate({"accounts": [account]})))
    assert len(found) == 1 and text in found[0][1]


def test_a_tool_that_is_not_there_is_found() -> None:
    bot = {"dialect": "tandem", "url": "ws://h", "tools": ["wether"]}
    tools = {"weather": {"description": "d", "url": "https://h"}}
    account = {"id": "a", "domain": "a.local", "agents": {"bot": bot}, "tools": tools}
    ((_, what, _),) = check(Settings.model_validate({"accounts": [account]}))
    assert what == "there is no tool wether"


def test_a_trunk_that_a_stranger_made_takes_no_addresses_of_another_account() -> None:
    made = object_of("trunks", "mine", {"proxy": "sip:93.184.216.34", "auth": {"ip": ["93.184.216.0/25"]}})[1]
    for theirs, wrong in (("93.184.216.34", True), ("93.184.0.0/16", True), ("93.184.216.128/25", False)):
        trunks = [{"name": "c", "proxy": "sip:93.184.216.34", "auth": {"ip": [theirs]}}]
        accounts = [{"id": "a", "domain": "a.example", "trunks": trunks}, {"id": "b", "domain": "b.example"}]
        settings = Settings.model_validate({"accounts": accounts})
        whole, left_out = merged(settings, {("b", "trunks", "mine"): made})
        assert bool(left_out) is wrong and len(whole.accounts[1].trunks) == (not wrong)
        whole, left_out = merged(whole, {("a", "trunks", "mine"): made} if wrong else {})
        assert not left_out, "its own account's may overlap"


def test_silero_needs_its_file_and_its_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    account = {"agents": {"greeter": {**AGENTS["greeter"], "barge_in": {"vad": "silero"}}}}
    assert found(account) == [
        "accounts[0].agents.greeter.barge_in.vad: silero without a model"
        " (add media.models.silero: the path of silero_vad.onnx)"
    ]
    file = tmp_path / "silero_vad.onnx"
    media = {"models": {"silero": str(file)}}
    (missing,) = found(account, media=media)
    assert missing.startswith(f"media.models.silero: no such file: {file}")
    file.touch()
    assert found(account, media=media) == []
    monkeypatch.setattr("config.check.find_spec", lambda name: None)
    assert found(account, media=media) == [
        "media.models.silero: onnxruntime is not installed (pip install -e '.[silero]')"
    ]
