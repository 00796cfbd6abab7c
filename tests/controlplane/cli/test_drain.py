"""`tandem drain` over the control socket of a daemon."""

from pathlib import Path

from controlplane.api.drain import drain_route
from tests.support.desk import desk
from tests.support.operator import operator, tandem, tandem_beside


async def test_an_operator_ends_the_daemon_in_good_order(tmp_path: Path) -> None:
    begun = list[bool]()
    route = drain_route(lambda: begun.append(True), lambda: 2, 30.0)
    async with desk(tmp_path) as made, operator(made.store, tmp_path, [route]):
        good = await tandem_beside("drain", TANDEM_DATA=str(tmp_path))
        assert good.exit_code == 0 and "2 live calls" in good.stdout and begun == [True]
        text = await tandem_beside("drain", "--json", TANDEM_DATA=str(tmp_path))
        assert '"draining": true' in text.stdout


def test_without_a_daemon_it_is_one_line_and_1(tmp_path: Path) -> None:
    result = tandem("drain", "--data", str(tmp_path))
    assert result.exit_code == 1 and result.stderr.count("\n") == 1
