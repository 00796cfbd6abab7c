"""What is read again while the daemon serves."""

from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.testclient import TestClient

from config.schema import Tls
from controlplane.reloading import Reloading


class FakeConfiguration:
    async def reload(self) -> str:
        return ""

    def notes(self) -> list[str]:
        return ["node.name was changed: restart the daemon to use it"]


def reloading(read: list[str], tls: Tls | None) -> Reloading:
    def part(name: str, fault: str = "") -> Any:
        def again() -> str:
            read.append(name)
            return fault

        return again

    configuration: Any = FakeConfiguration()
    return Reloading(configuration, part("flows", "main.yaml: wrong"), part("certificate"), tls)


async def test_a_part_that_fails_keeps_none_of_the_others_from_it(tmp_path: Path) -> None:
    read: list[str] = []
    tls = Tls(certificate=tmp_path / "server.pem", key=tmp_path / "server.key")
    await reloading(read, tls).all()
    assert read == ["flows", "certificate"]


async def test_without_tls_no_certificate_is_read() -> None:
    read: list[str] = []
    await reloading(read, None).all()
    assert read == ["flows"]


def test_an_operator_hears_what_waits_for_the_next_start() -> None:
    configuration: Any = FakeConfiguration()
    route = Reloading(configuration, lambda: "", lambda: "", None).route()
    answer = TestClient(Starlette(routes=[route])).post("/reload").json()
    assert answer["reloaded"] == ["accounts", "flows"] and answer["notes"] == FakeConfiguration().notes()
