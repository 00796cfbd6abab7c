"""What the API and the command line make, on a whole daemon: live at once, there after kill -9."""

import re
import socket
from pathlib import Path

import yaml

from tests.support.daemon import Daemon
from tests.support.process import wait_until


def test_a_user_made_while_the_daemon_runs_calls_at_once_and_after_kill_9(tmp_path: Path) -> None:
    with Daemon(tmp_path) as daemon:
        status, text = daemon.tandem("users", "create", "acc_demo", "1003", "--username", "carol")
        made = re.search(r"username carol, password (\S+)", text)
        assert status == 0 and made is not None, text
        words = ("--user", "carol", "--password", made[1], "--seconds", "0.5")
        assert daemon.tandem("call", daemon.uri("*43"), *words)[0] == 0
        status, key = daemon.tandem("keys", "create", "metrics", "--scope", "reports.read", "--json")
        assert status == 0, key
        daemon.restart(kill=True)
        assert daemon.tandem("call", daemon.uri("*43"), *words)[0] == 0
        assert "metrics" in daemon.tandem("keys", "list")[1]
        assert daemon.tandem("users", "remove", "acc_demo", "1003")[0] == 0
        assert daemon.tandem("call", daemon.uri("*43"), *words)[0] == 1
        wait_until(lambda: daemon.metrics()["tandem_calls"] == 0, 60.0)


def test_a_trunk_made_while_the_daemon_runs_registers_at_once_until_it_is_removed(tmp_path: Path) -> None:
    export = tmp_path / "export.yaml"
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as carrier,
        Daemon(tmp_path, settings={"security": {"reach": "any"}}) as daemon,
    ):
        carrier.bind(("127.0.0.1", 0))
        carrier.settimeout(60.0)
        made = {
            "name": "carrier",
            "proxy": f"sip:127.0.0.1:{carrier.getsockname()[1]}",
            "register": {"username": "us", "password": "hush-hush"},
            "health": {"interval": "1s"},
        }
        export.write_text(yaml.safe_dump({"accounts": [{"id": "acc_demo", "trunks": [made]}]}))
        assert daemon.tandem("import", str(export))[0] == 0
        methods: set[bytes] = set()
        while methods < {b"OPTIONS", b"REGISTER"}:
            methods.add(carrier.recv(4_096).partition(b" ")[0])
        assert "hush" not in daemon.tandem("export")[1]
        assert any(name.startswith("tandem_trunk") and "carrier" in name for name in daemon.metrics())
        export.write_text("accounts: [{id: acc_demo}]")
        assert daemon.tandem("import", str(export), "--prune")[0] == 0
        assert not any(name.startswith("tandem_trunk") and "carrier" in name for name in daemon.metrics())
