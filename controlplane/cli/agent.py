"""`tandem agent check`: is this agent fit for calls? A table of what it does well, or what to mend."""

import asyncio
import sys
import time
from collections import Counter

import click
import orjson
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from config.schema import MediaLimits
from controlplane.rehearsal.case import Outcome, Verdict
from controlplane.rehearsal.cases import CASES
from controlplane.rehearsal.run import CALLERS, run, speech
from controlplane.rehearsal.stage import Stage
from media import port
from media.agent.dialect.table import DIALECTS
from media.tts import SpeechError

_COLOURS = {Verdict.PASS: "green", Verdict.FAIL: "bold red", Verdict.SKIP: "dim"}


def spec(
    url: str, dialect: str, *, variant: str, audio: str, sample_rate: int, headers: tuple[str, ...]
) -> port.AgentSpec:
    """An agent as the configuration would have it. Raises `click.UsageError` for what is none."""
    if dialect not in DIALECTS:
        raise click.UsageError(f"no such dialect: {dialect}; use one of {', '.join(DIALECTS)}")
    pairs = []
    for header in headers:
        name, colon, value = header.partition(":")
        if not colon:
            raise click.UsageError(f"not a header: write NAME:VALUE instead of {header}")
        pairs.append((name.strip(), value.strip()))
    options = port.AgentOptions(variant=variant, audio=audio)
    return port.AgentSpec("checked", dialect, url, tuple(pairs), sample_rate, options=options)


def check(spec: port.AgentSpec, *, only: tuple[str, ...], jobs: int, json: bool) -> int:
    """Exit status: 0 when no case has failed."""
    cases = [case for case in CASES if not only or any(word in case.name for word in only)]
    if not cases:
        raise click.UsageError(
            f"there is no such case; the cases are {', '.join(case.name for case in CASES)}"
        )

    def report(outcome: Outcome) -> None:
        if not json and sys.stderr.isatty():
            click.echo(f"{outcome.verdict:5} {outcome.name}", err=True)

    async def play() -> list[Outcome]:
        sounds = await speech()
        stage = Stage(jobs * CALLERS, time.monotonic, MediaLimits())
        stage.start()
        try:
            return await run(cases, stage, spec, sounds, jobs, report)
        finally:
            await stage.close()

    try:
        outcomes = asyncio.run(play())
    except SpeechError as error:
        click.echo(f"the callers cannot speak: {error}", err=True)
        return 1
    counts = Counter(outcome.verdict for outcome in outcomes)
    if json:
        cases_ = [
            {
                "name": outcome.name,
                "shows": outcome.shows,
                "verdict": outcome.verdict.value,
                "detail": outcome.detail,
                "seconds": round(outcome.seconds, 2),
            }
            for outcome in outcomes
        ]
        totals = {verdict.name.lower(): counts[verdict] for verdict in Verdict}
        click.echo(orjson.dumps({"dialect": spec.dialect, "totals": totals, "cases": cases_}).decode())
    else:
        _show(spec, outcomes, counts)
    return 1 if counts[Verdict.FAIL] else 0


def _show(spec: port.AgentSpec, outcomes: list[Outcome], counts: Counter[Verdict]) -> None:
    table = Table(title=f"{spec.dialect} agent", title_justify="left")
    for heading in ("case", "shows that", "", "detail"):
        table.add_column(heading, overflow="fold")
    for outcome in outcomes:
        colour = _COLOURS[outcome.verdict]
        verdict = f"[{colour}]{outcome.verdict.value}[/]"
        table.add_row(outcome.name, outcome.shows, verdict, escape(outcome.detail))
    console = Console()
    console.print(table)
    console.print(
        f"{counts[Verdict.PASS]} passed, {counts[Verdict.FAIL]} failed, {counts[Verdict.SKIP]} do not apply"
    )
