"""Runs the tests that the changes against main may have broken, for a minute at the most: `scripts/check`.

Of each changed module its own test, then the other tests of that folder, then those of all folders that
name the module. Tests of whole programs and of peers take too long for this; `scripts/test` runs all.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLANES = ("config", "media", "edge", "controlplane")
MIRRORS = tuple(Path("tests", plane) for plane in PLANES)
SECONDS = 60.0


def changed() -> list[Path]:
    """What differs from where this branch left main, committed or not; nothing where there is no main."""
    for main in ("main", "origin/main"):
        against = _git("diff", "--name-only", "--merge-base", main)
        if against is not None:
            new = _git("ls-files", "--others", "--exclude-standard") or []
            return [Path(name) for name in [*against, *new]]
    return []


def touched(changes: Iterable[Path], root: Path = ROOT) -> list[Path]:
    """Test files, the likeliest to break first."""
    modules = [path for path in changes if path.suffix == ".py"]
    tests = {
        path.relative_to(root): ""
        for mirror in MIRRORS
        for path in sorted(root.glob(f"{mirror}/**/test_*.py"))
    }
    own = [test for module in modules if (test := _mirror(module)) in tests]
    beside = [test for test in tests if test.parent in {each.parent for each in own}]
    names = [name for module in modules if not _is_test(module) and (name := _named(module))]
    named = re.compile("|".join(names) or r"(?!)")
    about = [test for test in tests if named.search((root / test).read_text())]
    return list(dict.fromkeys([*own, *beside, *about]))


def _is_test(path: Path) -> bool:
    return path.name.startswith("test_")


def _mirror(module: Path) -> Path:
    """The test of a module, which for a test is itself."""
    return module if _is_test(module) else Path("tests") / module.with_name(f"test_{module.name}")


def _named(module: Path) -> str:
    """A pattern of how an import names it: `edge.sip.via`, or `from edge.sip import …, via`."""
    package, name = ".".join(module.parent.parts), module.stem
    return rf"\b{re.escape(package)}(\.{name}\b| import (\([^)]*|[^\n]*)\b{name}\b)" if package else ""


def _git(*arguments: str) -> list[str] | None:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.splitlines() if done.returncode == 0 else None


def main() -> int:
    tests = touched(changed())
    if not tests:
        return 0
    processes = str(min(4, os.cpu_count() or 1))
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", processes, *map(str, tests)]
    with subprocess.Popen(command, cwd=ROOT) as run:
        try:
            return run.wait(SECONDS)
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGINT)
            run.wait()
    print(f"stopped after {SECONDS:.0f} s, in which nothing failed: scripts/test runs the rest")
    return 0


if __name__ == "__main__":
    sys.exit(main())
