"""`tandem doctor`: every check with what was found, and its fix where there is something to fix."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

from rich.table import Table
from rich.text import Text

from config.error import ConfigError
from config.load import load
from controlplane.cli import say
from controlplane.cli.control import NotRunning, ask_text
from controlplane.cli.screen import console, grid
from controlplane.doctor.examination import examine
from controlplane.doctor.finding import Finding, Verdict, fail, ok

_STYLE: Final = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "red"}


def run(config: Path | None, data: Path | None, environ: Mapping[str, str], *, json: bool) -> int:
    """1 when a check failed; warnings are 0."""
    try:
        settings = load(config, data, environ)
    except ConfigError as error:
        first, *more = error.problems
        found = str(first) + (f" and {len(more)} more" if more else "")
        findings = [fail("configuration", found, "run tandem check-config")]
    else:
        metrics = _metrics(settings.node.data)
        running = metrics is not None
        findings = [ok("configuration", "good")]
        findings.append(ok("daemon", "running" if running else "not running"))
        findings += examine(settings, running=running, metrics=metrics)
    failed = any(finding.verdict is Verdict.FAIL for finding in findings)
    if json:
        say.as_json({"good": not failed, "checks": [asdict(finding) for finding in findings]})
    else:
        console().print(table(findings))
    return 1 if failed else 0


def _metrics(data: Path) -> str | None:
    """What a running daemon of this data folder says of itself; None when there is none."""
    try:
        _, text = ask_text(data, "/metrics")
    except NotRunning:
        return None
    return text.decode()


def table(findings: list[Finding]) -> Table:
    rows = []
    for finding in findings:
        found = Text(finding.found)
        if finding.fix:
            found.append(f"\n→ {finding.fix}", style="bold")
        rows.append((Text(finding.verdict, style=_STYLE[finding.verdict]), finding.name, found))
    return grid(("", "", ""), rows)
