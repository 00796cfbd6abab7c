"""Commands for call flows, with their options; beside those of `command`."""

import os
import sys
from pathlib import Path

import click

from controlplane.cli.command import FILE, as_json, main


@main.group()
def flow() -> None:
    """Check, rehearse and draw call flows."""


@flow.command("check")
@click.argument("file", type=FILE)
@click.option(
    "--config",
    type=FILE,
    metavar="FILE",
    help="Configuration in which names (queues, users …) are looked up.",
)
@as_json
def flow_check(file: Path, config: Path | None, json: bool) -> None:
    """Check a flow. Shows what is wrong and how to fix it; exits with 1 if there is an error."""
    from controlplane.cli.flow import check_flow

    sys.exit(check_flow(file, config, os.environ, json=json))


@flow.command("simulate")
@click.argument("file", type=FILE)
@click.option("--config", type=FILE, metavar="FILE", help="Configuration with the schedules and other flows.")
@click.option(
    "--outcome",
    "outcomes",
    multiple=True,
    metavar="NAME",
    help="How the next command ends, such as digit:1; may repeat.",
)
@click.option(
    "--set", "variables", multiple=True, metavar="NAME=VALUE", help="Set a variable at the start; may repeat."
)
@click.option(
    "--at", metavar="TIME", help="Pretend that it is this moment, such as 2026-12-25T12:00:00+01:00."
)
@click.option("--script", type=FILE, metavar="FILE", help="Check the expected paths in this file instead.")
@as_json
def flow_simulate(
    file: Path,
    config: Path | None,
    outcomes: tuple[str, ...],
    variables: tuple[str, ...],
    at: str | None,
    script: Path | None,
    json: bool,
) -> None:
    """Rehearse a flow without a phone. Shows prompts as text, decisions and variables."""
    from controlplane.cli.flow import judge_script, simulate

    if script is not None:
        sys.exit(judge_script(file, config, script, os.environ, json=json))
    sys.exit(simulate(file, config, outcomes, variables, at, os.environ, json=json))


@flow.command("graph")
@click.argument("file", type=FILE)
@click.option("--format", "form", type=click.Choice(["mermaid", "svg"]), default="mermaid", show_default=True)
@as_json
def flow_graph(file: Path, form: str, json: bool) -> None:
    """Draw a flow as a diagram."""
    from controlplane.cli.flow import graph

    sys.exit(graph(file, form, os.environ, json=json))


@flow.command("schema")
def flow_schema() -> None:
    """Print the JSON Schema of flows."""
    from controlplane.cli.flow import schema

    sys.exit(schema())
