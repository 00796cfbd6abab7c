"""Removes one behaviour at a time in a copy of the checkout, and shows that the test which names it fails.

A mutation whose test passes, or that does not fit the source any more, is said and fails the run.
"""

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import click

ROOT = Path(__file__).parents[2]
COPIED = ("config", "media", "edge", "controlplane", "tests", "pyproject.toml")
SECONDS = 120.0
"A mutant that hangs has been noticed too."


@dataclass(frozen=True, slots=True)
class Mutation:
    line: str
    "Of seed 004."
    name: str
    file: str
    before: str
    after: str
    test: str


MUTATIONS = (
    Mutation(
        "S004-28",
        "a repeat of a call counts twice",
        "edge/cac/admission.py",
        "            if call not in holders:\n",
        "            if True:\n",
        "tests/edge/cac/test_admission.py",
    ),
    Mutation(
        "S004-28",
        "a repeated callId is routed anew",
        "edge/outside/calls.py",
        "        if known is not None:\n            return known.rtjson\n",
        "",
        "tests/edge/outside/test_calls.py",
    ),
    Mutation(
        "S004-43",
        "an end leaves the channels taken",
        "edge/outside/calls.py",
        "            self._channels.give_back(id, seconds, now)\n",
        "            pass\n",
        "tests/edge/outside/test_calls.py",
    ),
    Mutation(
        "S004-60",
        "one full scope of several is let through",
        "edge/cac/admission.py",
        "and call not in held:",
        "and call not in held and scope.kind != 'did':",
        "tests/edge/cac/test_admission.py",
    ),
    Mutation(
        "S004-61",
        "the audit finds leaks and keeps them",
        "edge/cac/admission.py",
        "        for call in gone:\n            self.release(call)\n",
        "",
        "tests/controlplane/service/test_admission.py",
    ),
    Mutation(
        "S004-03",
        "a source address outside gates.nodes passes",
        "controlplane/api/gate.py",
        "client[0] not in self._nodes",
        "False",
        "tests/controlplane/api/test_gate.py",
    ),
    Mutation(
        "S004-03",
        "a forwarded request is taken for a local one",
        "controlplane/api/gate.py",
        "        if not _FORWARDED.isdisjoint(headers):\n",
        "        if False:\n",
        "tests/controlplane/api/test_gate.py",
    ),
    Mutation(
        "S004-26",
        "a stranger reaches more than DIDs",
        "edge/routing/route.py",
        "    if isinstance(identity, Stranger) and (did is None or not did.strangers):\n",
        "    if False:\n",
        "tests/edge/routing/test_route.py",
    ),
    Mutation(
        "S004-27",
        "a closed DID rings all the same",
        "edge/routing/route.py",
        "        case Hours.CLOSED:\n            target = hours.closed\n",
        "        case Hours.CLOSED:\n            target = did.target\n",
        "tests/edge/routing/test_route.py",
    ),
    Mutation(
        "S004-11",
        "a nonce and its nc are good twice",
        "edge/outside/proof.py",
        "            case Verdict.STALE | Verdict.REPLAY:\n",
        "            case Verdict.REPLAY:\n"
        "                return self._proven(account, given.username, proof.named)\n"
        "            case Verdict.STALE:\n",
        "tests/edge/outside/test_proof.py",
    ),
    Mutation(
        "S004-36",
        "a flow that is started twice begins twice",
        "controlplane/service/flow_session.py",
        "            return self._deliver(session)\n        self._forget_idle(now)\n",
        "        self._forget_idle(now)\n",
        "tests/controlplane/service/test_flow_session.py",
    ),
    Mutation(
        "S004-37",
        "a flow may turn in circles for ever",
        "edge/flow/machine.py",
        "            if self._idle >= limit:\n",
        "            if self._idle >= limit * 100:\n",
        "tests/edge/flow/test_machine.py",
    ),
    Mutation(
        "S004-72",
        "a ban that its node does not name any more is kept",
        "controlplane/service/security.py",
        "            if row.ban.network not in known:\n",
        "            if False:\n",
        "tests/controlplane/service/test_security.py",
    ),
    Mutation(
        "S004-74",
        "an allowed address is banned",
        "controlplane/service/security.py",
        '        if record is None:\n            fix = "remove it from security.allow',
        '        if False:\n            fix = "remove it from security.allow',
        "tests/controlplane/service/test_security.py",
    ),
    Mutation(
        "S004-03",
        "an API key opens what it has no scope for",
        "controlplane/api/gate.py",
        "        if wanted not in key.scopes:\n",
        "        if False:\n",
        "tests/controlplane/api/test_key.py",
    ),
    Mutation(
        "S004-78",
        "a key may lead out of the media folder",
        "controlplane/service/media.py",
        "or not all(map(_STEP.fullmatch, steps))",
        "",
        "tests/controlplane/service/test_media.py",
    ),
    Mutation(
        "S004-78",
        "an upload has no longest size",
        "controlplane/service/media.py",
        "                if size > self._limit:\n",
        "                if False:\n",
        "tests/controlplane/service/test_media.py",
    ),
    Mutation(
        "S004-06",
        "a promise is answered before its commit",
        "controlplane/store/journal.py",
        "        self._waiters.append(committed)\n",
        "        self._waiters.append(lambda good: None)\n        committed(True)\n",
        "tests/crash/test_kill.py",
    ),
)


@click.command()
@click.option("--only", default="", help="Mutations whose line or name holds this.")
def main(only: str) -> None:
    chosen = [one for one in MUTATIONS if only in f"{one.line} {one.name}"]
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, copy / name)
        missed = [one.name for one in chosen if not _noticed(copy, one)]
    if missed:
        click.echo(f"not noticed: {'; '.join(missed)}")
        sys.exit(1)
    click.echo(f"{len(chosen)} mutations, each noticed")


def _noticed(copy: Path, one: Mutation) -> bool:
    path = copy / one.file
    source = path.read_text()
    if source.count(one.before) != 1:
        click.echo(f"{one.line} {one.name}: does not fit {one.file} any more")
        return False
    path.write_text(source.replace(one.before, one.after))
    command = [sys.executable, "-m", "pytest", "-q", "-x", "--no-header", "--tb=no", "-p", "no:cacheprovider"]
    try:
        run = subprocess.run(
            [*command, one.test], cwd=copy, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        # 1 is "tests failed"; any other number says that pytest itself could not run.
        noticed, how = run.returncode == 1, _which(run.stdout)
    except subprocess.TimeoutExpired:
        noticed, how = True, "it hung"
    finally:
        path.write_text(source)
    click.echo(f"{one.line} {one.name}: {how if noticed else 'NOT NOTICED'}")
    return noticed


def _which(output: str) -> str:
    failed = [line.split()[1] for line in output.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return failed[0].rpartition("/")[2] if failed else output.strip().splitlines()[-1][:100]


if __name__ == "__main__":
    main()
