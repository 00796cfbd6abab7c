"""Coverage-guided fuzzing of one target by atheris (libFuzzer), where that is installed.

    python -m tests.fuzz.coverage message -max_total_time=600

What follows the target's name is libFuzzer's. A finding ends the run with a traceback, and its input is
written to `crash-…`; `python -m tests.fuzz.coverage message crash-…` runs it again.
"""

import importlib
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any


def fuzzed(target: Any) -> Callable[[bytes], None]:
    """What is called with each input; all randomness is the input's, so that a crash repeats."""

    def check(data: bytes) -> None:
        target.check(data, Random(len(data)))

    return check


def main(name: str, *options: str) -> None:
    try:
        atheris: Any = importlib.import_module("atheris")
    except ImportError:
        sys.exit("atheris is not installed: .venv/bin/python -m pip install atheris")
    with atheris.instrument_imports(include=["config", "edge", "media"]):
        targets = importlib.import_module("tests.fuzz.run").TARGETS
    if name not in targets or not targets[name].seeds:
        sys.exit(f"choose one of {', '.join(sorted(n for n, t in targets.items() if t.seeds))}")
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(targets[name].seeds):
            (Path(corpus) / str(number)).write_bytes(seed)
        inputs = [option for option in options if not option.startswith("-")]
        arguments = ["-max_len=4096", "-timeout=20", *options, *([] if inputs else [corpus])]
        atheris.Setup([sys.argv[0], *arguments], fuzzed(targets[name]), enable_python_coverage=True)
        atheris.Fuzz()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(*sys.argv[1:])
