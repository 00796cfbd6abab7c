"""The Grafana dashboard and the alert rules name metrics that the daemon really has."""

import json
import re
from pathlib import Path

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


def test_every_metric_that_is_drawn_or_watched_exists(tmp_path: Path) -> None:
    named = {name for text in (*dashboard(), *alerts()) for name in METRIC.findall(text)}
    with Daemon(tmp_path, account={"trunks": [TRUNK]}, settings={"media": {"workers": 1}}) as daemon:
        status, body = daemon.get("/metrics")
    assert status == 200
    there = set(re.findall(r"^# TYPE (tandem_\w+) ", body.decode(), re.MULTILINE))
    samples = {name for name in named if name.removesuffix("_bucket") in there}
    assert named == samples and len(named) > 20


def test_names_say_their_unit_as_prometheus_has_it(tmp_path: Path) -> None:
    """Base units, counters that end in `_total`, a sentence for each."""
    with Daemon(tmp_path) as daemon:
        _, body = daemon.get("/metrics")
    text = body.decode()
    for name, kind in re.findall(r"^# TYPE (tandem_\w+) (\w+)$", text, re.MULTILINE):
        assert not re.search(r"_(ms|milliseconds|microseconds|kb|minutes)$", name), name
        assert (kind == "counter") == name.endswith("_total"), name
        help_text = re.search(rf"^# HELP {name} (.+)$", text, re.MULTILINE)
        assert help_text is not None and help_text[1].strip(), name
