"""The Grafana dashboard and the alert rules name metrics that the daemon really has."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support.daemon import Daemon

OBSERVE = Path(__file__).parents[2] / "controlplane/observe"
METRIC = re.compile(r"\btandem_[a-z0-9_]+")
TRUNK = {
    "name": "carrier",
    "proxy": "sip:127.0.0.1:9",
    "health": {"interval": "10s"},
    "register": {"username": "u", "password": "p"},
}


def dashboard() -> list[str]:
    panels = json.loads((OBSERVE / "grafana.json").read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel["targets"]]


def alerts() -> list[str]:
    groups = yaml.safe_load((OBSERVE / "alerts.yaml").read_text())["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert all(rule["annotations"].keys() == {"summary", "fix"} for rule in rules)
    return [rule["expr"] for rule in rules]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a daemon with a trunk and an audio worker shows."""
    folder = tmp_path_factory.mktemp("observability")
    with Daemon(folder, account={"trunks": [TRUNK]}, settings={"media": {"workers": 1}}) as daemon:
        status, body = daemon.get("/metrics")
    assert status == 200
    return body.decode()


def promtool(*words: str | Path, given: str = "") -> None:
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not installed (apt install prometheus)")
    run = subprocess.run([program, *words], input=given, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_metric_that_is_drawn_or_watched_exists(shown: str) -> None:
    named = {name for text in (*dashboard(), *alerts()) for name in METRIC.findall(text)}
    there = set(re.findall(r"^# TYPE (tandem_\w+) ", shown, re.MULTILINE))
    samples = {name for name in named if name.removesuffix("_bucket") in there}
    assert named == samples and len(named) > 20


def test_names_say_their_unit_as_prometheus_has_it(shown: str) -> None:
    """Base units, counters that end in `_total`, a sentence for each."""
    for name, kind in re.findall(r"^# TYPE (tandem_\w+) (\w+)$", shown, re.MULTILINE):
        assert not re.search(r"_(ms|milliseconds|microseconds|kb|minutes)$", name), name
        assert (kind == "counter") == name.endswith("_total"), name
        help_text = re.search(rf"^# HELP {name} (.+)$", shown, re.MULTILINE)
        assert help_text is not None and help_text[1].strip(), name


def test_prometheus_itself_finds_nothing_wrong_with_what_is_shown(shown: str) -> None:
    promtool("check", "metrics", given=shown)


def test_prometheus_itself_takes_the_rules_and_what_the_dashboard_asks(tmp_path: Path) -> None:
    promtool("check", "rules", OBSERVE / "alerts.yaml")
    rules = [
        {"record": f"panel:{number}", "expr": re.sub(r"\$__\w+", "5m", expression)}
        for number, expression in enumerate(dashboard())
    ]
    asked = tmp_path / "dashboard.yaml"
    asked.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    promtool("check", "rules", asked)
