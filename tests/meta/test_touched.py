"""`scripts/check` runs what a change may have broken."""

from pathlib import Path

import pytest

from tests.touched import touched


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in {
        "tests/edge/sip/test_via.py": "from edge.sip.via import Via",
        "tests/edge/sip/test_tag.py": "from edge.sip.tag import new_tag",
        "tests/edge/call/test_call.py": "from edge.sip import (\n    header,\n    via,\n)\n"
        "from tests.support.wire import Wire",
        "tests/edge/call/test_leg.py": "from edge.sip.viaduct import Arch\nfrom edge.sip import viaduct",
        "tests/media/test_leg.py": "from media.leg import Leg",
        "tests/system/test_drain.py": "from edge.sip.via import Via",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("change", "tests"),
    {
        "edge/sip/via.py": ["edge/sip/test_via.py", "edge/sip/test_tag.py", "edge/call/test_call.py"],
        "edge/sip/tag.py": ["edge/sip/test_tag.py", "edge/sip/test_via.py"],
        "tests/media/test_leg.py": ["media/test_leg.py"],
        "tests/support/wire.py": ["edge/call/test_call.py"],
        "edge/sip/deleted.py": [],
        "tests/system/test_drain.py": [],
        "docs/api.md": [],
    }.items(),
    ids=str,
)
def test_own_test_first_then_its_folder_then_who_names_it(root: Path, change: str, tests: list[str]) -> None:
    assert touched([Path(change)], root) == [Path("tests", name) for name in tests]
