"""`tandem backup FILE`."""

import json
from pathlib import Path

from tests.support.database import new_database, rows
from tests.support.operator import tandem

YAML = "accounts: [{id: acc_demo, domain: demo.local}]\n"


def test_the_database_is_copied_and_what_else_to_copy_is_said(tmp_path: Path) -> None:
    new_database(tmp_path)
    copy = tmp_path / "copy.db"
    done = tandem("backup", str(copy), "--data", str(tmp_path))
    assert done.exit_code == 0 and "passwords.json" in done.stdout
    assert rows(copy, "SELECT count(*) FROM cdr") == [(0,)]
    done = tandem("backup", str(copy), "--data", str(tmp_path), "--json")
    assert json.loads(done.stdout) == {"file": str(copy), "bytes": copy.stat().st_size}


def test_without_a_database_it_is_refused_in_one_line(tmp_path: Path) -> None:
    done = tandem("backup", str(tmp_path / "copy.db"), "--data", str(tmp_path / "none"))
    assert done.exit_code == 1 and done.stderr.count("\n") == 1
    assert not (tmp_path / "copy.db").exists()
