"""The system's table of host names."""

import os
from pathlib import Path

from edge.transport.hosts import Hosts


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_names_and_aliases_are_found_whatever_else_stands_there(tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    file.write_text(
        "# comment\n192.0.2.1 PBX.example pbx # aliases\n\n2001:db8::1\tpbx\nnonsense pbx\n192.0.2.1 pbx\n"
    )
    hosts = Hosts(Clock(), file)
    assert hosts.addresses("pbx") == ("192.0.2.1", "2001:db8::1")
    assert hosts.addresses("pbx.example") == ("192.0.2.1",) and hosts.addresses("other") == ()


def test_localhost_needs_no_table_but_obeys_one(tmp_path: Path) -> None:
    """RFC 6761 §6.3."""
    file = tmp_path / "hosts"
    clock = Clock()
    hosts = Hosts(clock, file)
    assert hosts.addresses("localhost") == hosts.addresses("a.localhost") == ("::1", "127.0.0.1")
    file.write_text("127.0.0.5 localhost\n")
    clock.now = 6.0
    assert hosts.addresses("localhost") == ("127.0.0.5",)


def test_a_change_is_seen_within_seconds(tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    file.write_text("192.0.2.1 a\n")
    clock = Clock()
    hosts = Hosts(clock, file)
    assert hosts.addresses("a") == ("192.0.2.1",)
    file.write_text("192.0.2.22 a\n")
    os.utime(file, ns=(1, 1))
    assert hosts.addresses("a") == ("192.0.2.1",), "a look at the file costs a system call"
    clock.now = 6.0
    assert hosts.addresses("a") == ("192.0.2.22",)
    file.unlink()
    clock.now = 12.0
    assert hosts.addresses("a") == ()
