"""What holds for every test: logs are as they were, and in CI (`TANDEM_CI=1`) a skip is a failure."""

import logging
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
import structlog
from hypothesis import HealthCheck, settings

from config.bucket import MediaBucket
from tests.support.database import Database
from tests.support.postgres import close_server
from tests.support.s3 import close_s3_server, s3_server
from tests.support.zygote import close_zygote

# How fast a machine draws examples, or runs one, is no property of what is tested.
settings.register_profile(
    "house", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("house")

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills", type=int, default=20, help="Runs of each test that kills a process.")


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """A command under test sets up logs on the stream of that test, which is closed when it ends."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """With our tables, and no rows."""
    return Database.new(request.param, tmp_path)


@pytest.fixture(params=["folder", "s3"])
def bucket(request: pytest.FixtureRequest) -> MediaBucket | None:
    """Where media is copied to: nowhere, or to an S3 service that we did not write."""
    return None if request.param == "folder" else s3_server().bucket()


def pytest_sessionfinish() -> None:
    close_server()
    close_s3_server()
    close_zygote()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _skip_is_failure((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """`importorskip` at the top of a file skips while collecting."""
    return _skip_is_failure((yield))


def _skip_is_failure(report: Report) -> Report:
    if report.outcome == "skipped" and os.environ.get("TANDEM_CI") == "1" and not hasattr(report, "wasxfail"):
        *_, reason = report.longrepr if isinstance(report.longrepr, tuple) else (report.longrepr,)
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: CI allows no skip: {reason}"
    return report
