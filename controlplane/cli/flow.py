"""`tandem flow check | simulate | graph | schema`."""

import json as text_json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType

from rich.console import Console
from rich.text import Text

from config.account import Account
from config.error import ConfigError, Problem
from config.load import load, text_of
from config.schema import FlowLimits
from controlplane.cli import say
from controlplane.service.flow import FlowLibrary, outside_of, read_file
from edge.directory import AccountId
from edge.flow.check import check, unchecked
from edge.flow.document import Draft
from edge.flow.graph import mermaid, svg
from edge.flow.json_schema import json_schema
from edge.flow.machine import Flow, Program
from edge.flow.rehearsal import ImpossibleError, Stage, judge, read_script, rehearse, wall_of

Environ = Mapping[str, str]


def check_flow(file: Path, config: Path | None, environ: Environ, *, json: bool) -> int:
    try:
        draft, account, others = _read(file, config, environ)
    except ConfigError as error:
        return _refuse(error, json=json)
    found = check(draft, None if account is None else outside_of(account), others)
    names = [] if account is not None else unchecked(draft)
    good = not any(finding.error for finding in found)
    if json:
        problems = [{**asdict(finding.problem), "error": finding.error} for finding in found]
        outside = [{"kind": kind, "name": name} for kind, name in names]
        say.as_json({"good": good, "problems": problems, "unchecked": outside})
        return 0 if good else 1
    for finding in found:
        sys.stdout.write(f"{'error' if finding.error else 'warning'}: {finding.problem}\n")
    if names:
        listed = ", ".join(f"{kind} {name}" for kind, name in names)
        sys.stdout.write(f"not checked without --config: {listed}\n")
    sys.stdout.write("good\n" if good else "")
    return 0 if good else 1


def simulate(
    file: Path,
    config: Path | None,
    outcomes: Sequence[str],
    variables: Sequence[str],
    at: str | None,
    environ: Environ,
    *,
    json: bool,
) -> int:
    try:
        program, name = _program(file, config, environ)
        wall = int(time.time() * 1000) if at is None else wall_of(at)
    except ConfigError as error:
        return _refuse(error, json=json)
    except ValueError:
        return say.refuse(f"{at}: not a moment; write 2026-12-25T12:00:00+01:00", json=json)
    brought: dict[str, str] = {}
    for pair in variables:
        variable, assigned, value = pair.partition("=")
        if not (variable and assigned):
            return say.refuse(f"--set {pair}: no variable with a value; write NAME=VALUE", json=json)
        brought[variable] = value
    try:
        stages = rehearse(program, name, outcomes, variables=brought, wall=wall)
    except ImpossibleError as error:
        return say.refuse(f"--outcome {error}", json=json)
    if json:
        say.as_json([asdict(stage) | {"heard": stage.heard} for stage in stages])
        return 0
    console = Console(highlight=False, soft_wrap=True)
    said = ["", *outcomes]
    for stage, outcome in zip(stages, said, strict=False):
        if outcome:
            console.print(Text(f"  ← {outcome}", style="cyan"))
        _show(console, stage)
    last = stages[-1]
    if last.command == "hangup":
        left = len(outcomes) - len(stages) + 1
        console.print("The call is over." + (f" {left} outcomes are left." if left else ""))
    else:
        console.print(f"It waits for an outcome: {', '.join(last.ways) or 'any'}")
    return 1 if last.fault else 0


def judge_script(file: Path, config: Path | None, script: Path, environ: Environ, *, json: bool) -> int:
    try:
        program, name = _program(file, config, environ)
        walks = read_script(text_of(script), str(script)).paths
    except ConfigError as error:
        return _refuse(error, json=json)
    verdicts = [judge(program, name, walk) for walk in walks]
    good = all(verdict.good for verdict in verdicts)
    if json:
        say.as_json({"good": good, "paths": [asdict(verdict) for verdict in verdicts]})
        return 0 if good else 1
    for verdict in verdicts:
        mark = "good " if verdict.good else "WRONG"
        sys.stdout.write(f"{mark} {verdict.name}" + (f": {verdict.why}" if verdict.why else "") + "\n")
    return 0 if good else 1


def graph(file: Path, form: str, environ: Environ, *, json: bool) -> int:
    try:
        flow = read_file(file, file.stem, environ, FlowLimits()).flow
    except ConfigError as error:
        return _refuse(error, json=json)
    drawn = mermaid(flow) if form == "mermaid" else svg(flow)
    if json:
        say.as_json({"format": form, "graph": drawn})
    else:
        sys.stdout.write(drawn)
    return 0


def schema() -> int:
    sys.stdout.write(text_json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n")
    return 0


def _show(console: Console, stage: Stage) -> None:
    for visit in stage.visits:
        changed = "".join(f" {name}={value!r}" for name, value in visit.data.items())
        console.print(Text(f"    {visit.node_id} ({visit.kind}): {visit.outcome}{changed}", style="dim"))
    if stage.fault:
        console.print(Text(f"  fault: {stage.fault}", style="red"))
    head = Text(f"{stage.command} ", style="bold").append(stage.node_id, style="green")
    told = {name: value for name, value in stage.params.items() if name not in ("text", "prompts", "voice")}
    if not stage.heard:
        head.append("".join(f" {name}={value}" for name, value in told.items()), style="dim")
    console.print(head)
    for text in stage.heard:
        console.print(Text(f"    “{text}”"))


def _program(file: Path, config: Path | None, environ: Environ) -> tuple[Program, str]:
    """What a rehearsal runs in, and the name of the flow in it."""
    draft, account, others = _read(file, config, environ)
    name = draft.flow.name
    flows = MappingProxyType({**others, name: draft.flow})
    if account is None:
        return Program(flows), name
    return Program(flows, account.schedules, account.timezone), name


def _read(
    file: Path, config: Path | None, environ: Environ
) -> tuple[Draft, Account | None, Mapping[str, Flow]]:
    """The flow, its account in the configuration, and the other flows there. Raises `ConfigError`."""
    if config is None:
        return read_file(file, file.stem, environ, FlowLimits()), None, {}
    settings = load(config, None, environ)
    account = _account_of(file, settings.accounts)
    called = {} if account is None else {flow.absolute(): name for name, flow in account.flows.items()}
    draft = read_file(file, called.get(file.absolute(), file.stem), environ, FlowLimits())
    if account is None:
        what = "no account of this configuration has the flow, and it has several accounts"
        raise ConfigError([Problem(str(config), None, "accounts", what, "name the file under flows")])
    # What is wrong with the others is not asked here.
    library = FlowLibrary((account,), environ, settings.limits.flow)
    library.reload()
    return draft, account, library.program(AccountId(account.id)).flows


def _account_of(file: Path, accounts: Sequence[Account]) -> Account | None:
    """Whose flow it is, else the only account."""
    path = file.absolute()
    for account in accounts:
        if any(flow.absolute() == path for flow in account.flows.values()):
            return account
    return accounts[0] if len(accounts) == 1 else None


def _refuse(error: ConfigError, *, json: bool) -> int:
    if json:
        problems = [{**asdict(problem), "error": True} for problem in error.problems]
        say.as_json({"good": False, "problems": problems, "unchecked": []})
    else:
        sys.stderr.write(f"{error}\n")
    return 1
