"""The directory of a configuration (design §6, identity and tenancy)."""

import hashlib
from typing import Any

from config.schema import Settings
from controlplane.service.directory import MemoryDirectory, ha1
from edge.directory import AccountId, Directory, Target

A, B = AccountId("a"), AccountId("b")


def directory(*accounts: dict[str, Any], **more: Any) -> MemoryDirectory:
    settings = Settings.model_validate({"accounts": list(accounts)})
    passwords = {
        (account.id, name): f"made-for-{name}"
        for account in settings.accounts
        for user in account.users
        for name in user.usernames()
    }
    return MemoryDirectory(
        settings.accounts, passwords, more.get("own", {"192.0.2.1"}), more.get("prompts", {})
    )


ACCOUNT = {
    "id": "a",
    "domain": "demo.local",
    "digest": ["sha-256", "md5"],
    "limits": {"max_in": 5},
    "users": [
        {
            "number": "1001",
            "name": "Alice",
            "devices": [{"username": "alice", "password": "s3cret"}, {"username": "al2"}],
        },
        {"number": "1002"},
    ],
    "extensions": [{"number": "9000", "target": {"agent": "greeter"}}],
    "dids": [{"number": "+12025550123", "target": {"user": "alice"}, "max_channels": 2}],
    "trunks": [
        {
            "name": "c",
            "proxy": "sip:c.example",
            "auth": {"ip": ["192.0.2.10", "198.51.100.0/24"]},
            "default": True,
        },
        {
            "name": "d",
            "proxy": "sip:d.example",
            "auth": {"ip": ["198.51.100.64/26"], "username": "d", "password": "p"},
        },
        {
            "name": "e",
            "proxy": "sip:e.example",
            "auth": {"ip": ["2001:db8::/64"]},
            "register": {"username": "eu", "password": "ep"},
        },
    ],
    "agents": {
        "greeter": {"dialect": "twilio", "url": "ws://h", "headers": {"X": "y"}, "sample_rate": 16000}
    },
}


def test_it_is_a_directory() -> None:
    held: Directory = directory(ACCOUNT)
    assert [account.id for account in held.accounts()] == [A]
    account = held.account(A)
    assert account is not None and account.digest == ("sha-256", "md5") and account.max_in == 5


def test_our_own_address_means_the_only_account() -> None:
    one = directory(ACCOUNT)
    assert one.account_of_host("demo.local") is one.account_of_host("192.0.2.1") is one.account(A)
    assert one.account_of_host("192.0.2.9") is None and one.account_of_host("other.local") is None
    two = directory(ACCOUNT, {"id": "b", "domain": "b.local"})
    assert two.account_of_host("192.0.2.1") is None
    assert two.account_of_host("b.local") is two.account(B)


def test_a_user_is_found_by_number_by_any_username_and_by_id() -> None:
    held = directory(ACCOUNT)
    alice = held.user(A, "1001")
    assert alice is not None and alice.usernames == ("alice", "al2") and len(alice.devices) == 2
    assert (
        held.user(A, "alice")
        is held.user(A, "al2")
        is held.user(A, alice.id)
        is held.user_by_id(alice.id)
        is alice
    )
    assert held.user(B, "1001") is None and held.user(A, "9000") is None


def test_a_device_holds_hashes_and_never_the_password() -> None:
    held = directory(ACCOUNT)
    device = held.device(A, "alice")
    assert device is not None
    assert device.ha1["md5"] == hashlib.md5(b"alice:demo.local:s3cret").hexdigest()
    assert device.ha1["sha-256"] == hashlib.sha256(b"alice:demo.local:s3cret").hexdigest()
    assert "s3cret" not in repr(device) and device.ha1["md5"] not in repr(device)
    generated = held.device(A, "1002")
    assert generated is not None and generated.ha1 == ha1("1002", "demo.local", "made-for-1002")
    assert held.device(A, "1001") is None, "the number is no username when devices are listed"


def test_the_echo_is_every_accounts() -> None:
    held = directory(ACCOUNT, {"id": "b", "domain": "b.local"})
    assert held.extension(A, "*43") == held.extension(B, "*43") == Target("echo", "")
    assert held.extension(A, "9000") == Target("agent", "greeter") and held.extension(B, "9000") is None


def test_a_did_is_found_without_its_plus() -> None:
    did = directory(ACCOUNT).did("12025550123")
    assert did is not None and (did.account, did.target, did.max_channels) == (A, Target("user", "alice"), 2)
    assert did.id.startswith("did_")


def test_a_trunk_is_known_by_its_source_the_longest_prefix_first() -> None:
    held = directory(ACCOUNT)

    def name(address: str) -> str | None:
        trunk = held.trunk_of_source(address)
        return None if trunk is None else trunk.name

    assert name("192.0.2.10") == "c" and name("::ffff:192.0.2.10") == "c"
    assert (
        name("198.51.100.1") == "c" and name("198.51.100.65") == "d" and name("::ffff:198.51.100.65") == "d"
    )
    assert name("2001:db8::5") == "e" and name("2001:db8:1::5") is None
    assert name("192.0.2.11") is None and name("not an address") is None


def test_trunks_are_found_by_name_id_default_and_username() -> None:
    held = directory(ACCOUNT)
    default = held.trunk(A, "")
    assert default is not None and default.name == "c" and held.trunk(A, default.id) is default
    by_digest = held.trunk_of_username(A, "d")
    assert by_digest is not None and by_digest is held.trunk(A, "d")
    assert held.trunk_ha1(by_digest.id) == ha1("d", "demo.local", "p") and held.trunk_ha1(default.id) == {}
    registered = held.trunk(A, "e")
    assert registered is not None and (registered.username, registered.password) == ("eu", "ep")
    assert held.trunk(B, "") is None


def test_bounds_of_outbound_calls_are_digits_and_the_longest_rate_comes_first() -> None:
    fraud = {"country": "1", "allow": ["+1", "44"], "rates": {"44": 2, "+4420": 3}, "per_minute": 5}
    users = [{"number": "1009", "devices": [{"password": "x"}], "fraud": {"deny": ["+1900"], "daily": 60}}]
    held = directory(ACCOUNT | {"fraud": fraud, "users": users})
    account, user = held.account(A), held.user(A, "1009")
    assert account is not None and user is not None
    assert account.fraud.rates == (("4420", 3.0), ("44", 2.0)) and account.fraud.country == "1"
    assert account.fraud.bounds.allow == ("1", "44") and account.fraud.bounds.per_minute == 5
    assert user.fraud.deny == ("1900",) and user.fraud.daily == 60


def test_an_agent_is_as_the_audio_plane_needs_it() -> None:
    agent = directory(ACCOUNT).agent(A, "greeter")
    assert agent is not None
    assert (agent.dialect, agent.url, agent.headers, agent.sample_rate) == (
        "twilio",
        "ws://h",
        (("X", "y"),),
        16000,
    )


def test_a_built_in_agent_has_an_address_while_it_is_up() -> None:
    urls: dict[str, str] = {}
    settings = Settings.model_validate(
        {"accounts": [ACCOUNT | {"agents": {"greeter": {"dialect": "twilio", "url": "builtin:demo"}}}]}
    )
    filled = {(A, name): "x" for name in ("al2", "1002")}
    held = MemoryDirectory(settings.accounts, filled, (), {}, urls)
    for expected in ("builtin:demo", "ws://127.0.0.1:5"):
        agent = held.agent(A, "greeter")
        assert agent is not None and agent.url == expected
        urls["builtin:demo"] = "ws://127.0.0.1:5"


def test_a_prompt_is_there_once_it_is_made() -> None:
    prompts: dict[str, str] = {}
    held = directory(ACCOUNT, prompts=prompts)
    assert held.prompt("busy") is None
    prompts["busy"] = "/p/busy.wav"
    assert held.prompt("busy") == "/p/busy.wav"


def test_ids_are_the_same_on_every_node() -> None:
    one, other = directory(ACCOUNT).user(A, "1002"), directory(ACCOUNT).user(A, "1002")
    assert one == other and one is not other


def test_a_user_speaks_as_its_account_does_unless_it_is_told_otherwise() -> None:
    trunk = {"name": "t", "proxy": "sip:h", "codec_order": "ours", "ptime": 40, "inband": "always"}
    users = [{"number": "1001"}, {"number": "1002", "codec_order": "theirs", "ptime": 30, "codecs": ["g722"]}]
    users[1]["dtmf"] = "inband"
    account = {"id": "a", "domain": "demo.local", "codec_order": "ours", "ptime": 10, "dtmf": "info"}
    made = directory({**account, "users": users, "trunks": [trunk]})
    first, second, carrier = made.user(A, "1001"), made.user(A, "1002"), made.trunk(A, "t")
    assert first is not None and second is not None and carrier is not None
    assert (first.audio.ours_first, first.audio.ptime_ms) == (True, 10)
    assert (second.audio.ours_first, second.audio.ptime_ms, second.audio.codecs) == (False, 30, ("g722",))
    assert (carrier.audio.ours_first, carrier.audio.ptime_ms) == (True, 40)
    assert [each.audio.dtmf for each in (first, second, carrier)] == ["info", "inband", "auto"]
    assert [each.audio.inband for each in (first, second, carrier)] == ["auto", "auto", "always"]
