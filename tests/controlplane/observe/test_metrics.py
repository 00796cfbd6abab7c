"""Names and values that Prometheus reads."""

import os

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from controlplane.observe import metrics as module
from controlplane.observe.metrics import Metrics, ProcessReadings


def sample(metrics: Metrics, name: str) -> str | None:
    for line in metrics.render().decode().splitlines():
        if line.startswith(name + " "):
            return line.removeprefix(name + " ")
    return None


def test_a_gauge_is_read_when_asked_for() -> None:
    metrics = Metrics()
    legs = [1, 2]
    metrics.gauge("legs", "Legs.", lambda: len(legs))
    assert sample(metrics, "tandem_legs") == "2.0"
    legs.clear()
    assert sample(metrics, "tandem_legs") == "0.0"


def test_a_total_is_a_counter() -> None:
    metrics = Metrics()
    metrics.total("store_commits", "Commits.", lambda: 7)
    assert sample(metrics, "tandem_store_commits_total") == "7.0"
    assert "# TYPE tandem_store_commits_total counter" in metrics.render().decode()


def test_readings_are_written_as_the_client_library_writes_them() -> None:
    metrics, registry = Metrics(), CollectorRegistry()
    text = "A \\ and\na line."
    Gauge("tandem_odd", text, registry=registry).set(1e21)
    counter = Counter("tandem_more", text, registry=registry)
    counter.inc(12_345_678.5)
    metrics.gauge("odd", text, lambda: 1e21)
    metrics.total("more", text, lambda: 12_345_678.5)
    made = metrics.render().decode().splitlines()
    wanted = [line for line in generate_latest(registry).decode().splitlines() if "_created" not in line]
    assert made[: len(wanted)] == wanted


def test_labelled_counts_look_up_their_child_once() -> None:
    metrics = Metrics()
    calls = metrics.counter("ended_calls", "Calls.", ["disposition"])
    calls.add("answered")
    calls.add("answered", amount=2)
    calls.add("busy")
    assert sample(metrics, 'tandem_ended_calls_total{disposition="answered"}') == "3.0"
    assert len(calls._children) == 2


def test_label_values_are_bounded() -> None:
    metrics = Metrics()
    calls = metrics.counter("ended_calls", "Calls.", ["cause"])
    for number in range(module.CHILDREN_MAX + 10):
        calls.add(str(number))
    assert sample(metrics, 'tandem_ended_calls_total{cause="other"}') == "10.0"
    assert len(calls._children) == module.CHILDREN_MAX + 1


def test_a_count_without_labels() -> None:
    metrics = Metrics()
    parse_errors = metrics.counter("parse_errors", "Malformed messages.")
    parse_errors.add()
    assert sample(metrics, "tandem_parse_errors_total") == "1.0"


def test_a_histogram_takes_observations() -> None:
    metrics = Metrics()
    observe = metrics.histogram("loop_lag_seconds", "Lag.", (0.01, 0.1))
    observe(0.05)
    assert sample(metrics, 'tandem_loop_lag_seconds_bucket{le="0.01"}') == "0.0"
    assert sample(metrics, 'tandem_loop_lag_seconds_bucket{le="0.1"}') == "1.0"


def test_the_process_is_there() -> None:
    assert sample(Metrics(), "tandem_process_open_fds") is not None


def test_the_process_is_read_once_a_second_however_often_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """To count its sockets takes long where they are thousands, and audio waits meanwhile."""
    counted: list[str] = []
    listed = os.listdir

    def count(path: str) -> list[str]:
        counted.append(path)
        return listed(path)

    monkeypatch.setattr(os, "listdir", count)
    now = 50.0
    readings = ProcessReadings(lambda: now)
    names = [{metric.name for metric in readings.collect()} for _ in range(3)]
    assert len(counted) == 1 and "tandem_process_open_fds" in names[0] == names[2]
    now += 1.0
    assert list(readings.collect()) and len(counted) == 2
