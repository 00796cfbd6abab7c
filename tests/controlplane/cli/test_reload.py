"""`tandem reload` over the control socket of a daemon."""

from pathlib import Path

import structlog

from controlplane.api.reload import reload_route
from tests.support.desk import desk
from tests.support.operator import operator, tandem_beside


async def test_an_operator_is_told_what_was_read_again_or_why_not(tmp_path: Path) -> None:
    faults = ["", "listen.tls: bad key"]
    with structlog.testing.capture_logs():
        async with (
            desk(tmp_path) as made,
            operator(made.store, tmp_path, [reload_route({"certificate": lambda: faults.pop(0)})]),
        ):
            good = await tandem_beside("reload", TANDEM_DATA=str(tmp_path))
            assert (good.exit_code, good.stdout) == (0, "read again: certificate\n")
            bad = await tandem_beside("reload", "--json", TANDEM_DATA=str(tmp_path))
            assert bad.exit_code == 1 and '"not_reloaded"' in bad.stdout and "bad key" in bad.stdout


async def test_without_a_daemon_it_says_how_to_start_one(tmp_path: Path) -> None:
    result = await tandem_beside("reload", TANDEM_DATA=str(tmp_path))
    assert result.exit_code == 1 and "tandem serve" in result.stderr
