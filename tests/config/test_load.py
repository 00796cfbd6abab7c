"""Loading: where the file comes from, and what a wrong one is told (design §6)."""

from pathlib import Path

import pytest

from config.error import ConfigError
from config.load import DEFAULT_FILE, PROBLEMS_MAX, load, parse
from config.schema import Settings

EXAMPLES = DEFAULT_FILE.parent / "examples"


def refused(text: str, **environ: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(text, "t.yaml", Path("/etc"), environ)
    return str(caught.value).splitlines()


def test_the_default_configuration_is_a_phone_and_an_agent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load(None, None, {})
    (account,) = settings.accounts
    assert account.id == "acc_demo" and account.domain == "demo.local"
    assert [user.number for user in account.users] == ["1001", "1002"]
    assert account.users[0].devices[0].password is None
    assert account.extensions[0].number == "9000" and account.extensions[0].target.value == "demo"
    assert account.agents["demo"].url == "builtin:demo"
    assert settings.node.data == tmp_path / "data"


def test_the_default_file_states_the_schema_defaults() -> None:
    settings = load(None, Path("/d"), {})
    bare = Settings.model_validate({"accounts": [{"id": "a", "domain": "d"}]})
    assert (settings.listen, settings.gates) == (bare.listen, bare.gates)


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.yaml")), ids=lambda file: file.name)
def test_every_example_is_valid(file: Path) -> None:
    assert load(file, None, {}).accounts


def test_the_full_example_shows_every_section() -> None:
    account = load(EXAMPLES / "full.yaml", None, {}).accounts[0]
    assert account.trunks and account.dids and account.agents and account.queues and account.schedules


def test_the_data_folder_is_the_arguments_then_the_environments_then_the_files(tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_text("node: {data: inner}\naccounts: [{id: a, domain: d}]\n")
    environ = {"TANDEM_CONFIG": str(file)}
    assert load(None, None, environ).node.data == tmp_path / "inner"
    assert load(None, None, environ | {"TANDEM_DATA": "/env"}).node.data == Path("/env")
    assert load(None, Path("/arg"), environ | {"TANDEM_DATA": "/env"}).node.data == Path("/arg")


def test_unknown_keys_are_refused_with_file_line_path_and_a_suggestion() -> None:
    text = "accounts:\n  - id: a\n    domain: d\n    users:\n      - {nmber: '1'}\n"
    assert refused(text) == [
        "t.yaml:5: accounts[0].users[0].number: missing (add number: …)",
        "t.yaml:5: accounts[0].users[0].nmber: unknown key (did you mean number?)",
    ]
    assert "the keys here are node, listen" in refused("zzz: 1\naccounts: [{id: a, domain: d}]")[0]


def test_an_unquoted_number_is_told_to_be_quoted() -> None:
    line = refused("accounts:\n  - {id: a, domain: d, users: [{number: 1001}]}")[0]
    assert line == 't.yaml:2: accounts[0].users[0].number: must be text (put it in quotes: "1001")'


def test_all_errors_come_at_once_in_the_order_of_lines() -> None:
    text = (
        "node: {nme: x}\nlisten: {sip: [{transport: upd, port: 70000}]}\ngates: {admin_token: 77}\n"
        "store: mysql\naccounts:\n  - {id: a, domain: d, domain: e, digest: [sha256]}\n  - 5\n"
    )
    assert [line.split(": ")[0] + " " + line.split(": ")[1] for line in refused(text)] == [
        "t.yaml:1 node.nme",
        "t.yaml:2 listen.sip[0].transport",
        "t.yaml:2 listen.sip[0].port",
        "t.yaml:3 gates.admin_token",
        "t.yaml:4 store",
        "t.yaml:6 accounts[0].domain",
        "t.yaml:6 accounts[0].digest[0]",
        "t.yaml:7 accounts[1]",
    ]


def test_a_secret_is_never_in_an_error() -> None:
    text = 'gates: {admin_token: 7777}\naccounts: [{id: a, domain: "${X}", digest: ["${X}"]}]'
    lines = "\n".join(refused(text, X="s3cret value"))
    assert "7777" not in lines and "s3cret" not in lines
    bot = "{dialect: tandem, url: inbound, token: 77777777777777777}"
    (line,) = refused(f"accounts: [{{id: a, domain: d, agents: {{x: {bot}}}}}]")
    assert "agents.x.token: must be text" in line and "7777" not in line


def test_cross_checks_have_lines() -> None:
    text = (
        "accounts:\n  - id: a\n    domain: d\n    dids:\n      - number: '123'\n        target: {agent: x}\n"
    )
    assert refused(text) == ["t.yaml:6: accounts[0].dids[0].target: no such agent: x (the account has none)"]


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    missing = tmp_path / "missing.yaml"
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"a: 1\nb: \xe9\n")
    large = tmp_path / "large.yaml"
    large.write_bytes(b"#" * (9 << 20))
    for file, what in (
        (missing, "cannot be read"),
        (latin, ":2: not UTF-8"),
        (large, "longer"),
        (tmp_path, "cannot"),
    ):
        with pytest.raises(ConfigError, match=what) as caught:
            load(file, None, {})
        assert len(caught.value.problems) == 1
    assert refused("") == ["t.yaml: the file is empty (begin with accounts:)"]
    assert refused("- 1") == ["t.yaml:1: the file is not a mapping of sections (begin with accounts:)"]


def test_variables_may_be_numbers_or_names() -> None:
    text = 'listen: {http: {port: "${PORT}"}}\naccounts: [{id: a, domain: d, users: [{number: "${N}"}]}]'
    settings = parse(text, "t.yaml", Path("/etc"), {"PORT": "9090", "N": "1001"})
    assert settings.listen.http.port == 9090 and settings.accounts[0].users[0].number == "1001"


def test_a_large_file_is_read_in_linear_time_and_its_problems_are_bounded() -> None:
    """10,000 users and DIDs take about a second; comparing each with each would take minutes."""
    users = "".join(f'      - {{number: "{n}"}}\n' for n in range(10_000, 14_000))
    dids = "".join(f'      - {{number: "{n}", target: {{user: "x{n}"}}}}\n' for n in range(10_000, 14_000))
    text = f"accounts:\n  - id: a\n    domain: d\n    users:\n{users}    dids:\n"
    assert len(refused(text + dids)) == PROBLEMS_MAX
    good = parse(text + dids.replace('"x', '"'), "t.yaml", Path("/etc"), {})
    assert len(good.accounts[0].dids) == 4_000
    assert len(refused(text + dids.replace("target", "tarket"))) == PROBLEMS_MAX


def test_what_comes_with_the_default_configuration_is_found_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load(None, None, {})
    assert settings.accounts[0].flows["reception"].is_file()
    assert settings.node.data == tmp_path / "data", "what is written stays in the working directory"
