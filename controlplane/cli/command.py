"""Every command with its options. What a command needs is imported when it runs: `tandem --help` is quick.

Exit status: 0 good, 1 refused or failed, 2 bad usage.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from controlplane.cli.security import Desk

F = TypeVar("F", bound=Callable[..., Any])

FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)


def place(command: F) -> F:
    """The options by which a command finds a configuration and a daemon."""
    command = click.option(
        "--data", type=FOLDER, metavar="DIR", help="Data folder; wins over TANDEM_DATA and node.data."
    )(command)
    return click.option(
        "--config",
        type=FILE,
        metavar="FILE",
        help="Configuration; wins over TANDEM_CONFIG. Without either: the default one.",
    )(command)


def as_json(command: F) -> F:
    return click.option("--json", "json", is_flag=True, help="JSON for programs instead of text for people.")(
        command
    )


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="tandem", message="%(version)s")
def main() -> None:
    """Tandem: phones and trunks on one side, AI agents on the other."""


@main.command()
@place
@as_json
def serve(config: Path | None, data: Path | None, json: bool) -> None:
    """Run the daemon in the foreground."""
    _one_thread_for_arithmetic()
    from controlplane.cli.serve import run
    from controlplane.observe import log

    log.set_up(json=True if json else None)
    sys.exit(run(config, data, dict(os.environ), json=json))


@main.command("check-config")
@click.argument("file", type=FILE, required=False)
@place
@as_json
def check_config(file: Path | None, config: Path | None, data: Path | None, json: bool) -> None:
    """Say everything that is wrong with a configuration, with file, line and remedy."""
    from controlplane.cli.check_config import run

    sys.exit(run(file or config, data, os.environ, json=json))


@main.command()
@click.argument("target", metavar="SIP-URI")
@click.option("--user", default="", help="Username to authenticate with.")
@click.option("--password", default="", envvar="TANDEM_PASSWORD", help="Its password, or TANDEM_PASSWORD.")
@click.option("--play", type=FILE, metavar="WAV", help="Play this once answered.")
@click.option("--play-after", default=1.0, show_default=True, metavar="S", help="Wait so long before it.")
@click.option("--record", type=FILE, metavar="WAV", help="Write what is heard.")
@click.option("--digits", default="", help="Keys to press, such as 12#; after the WAV, if there is one.")
@click.option("--digits-after", default=1.0, show_default=True, metavar="S", help="Wait so long before them.")
@click.option("--seconds", default=20.0, show_default=True, help="Hang up after so long in the call.")
@click.option(
    "--transport",
    type=click.Choice(["udp", "tcp", "tls", "ws", "wss"]),
    help="Instead of what the address and DNS say.",
)
@click.option(
    "--ca", type=FILE, metavar="PEM", help="Authority to trust beside the system's, for TLS and WSS."
)
@click.option("--insecure", is_flag=True, help="Take any certificate of the far end.")
@as_json
def call(
    target: str,
    user: str,
    password: str,
    play: Path | None,
    play_after: float,
    record: Path | None,
    digits: str,
    digits_after: float,
    seconds: float,
    transport: str | None,
    ca: Path | None,
    insecure: bool,
    json: bool,
) -> None:
    """Make a call with the built-in softphone; non-zero when the call fails."""
    _one_thread_for_arithmetic()
    from controlplane.cli.call import Way, run
    from controlplane.observe import log
    from edge.phone import Plan

    log.set_up(level="ERROR")
    plan = Plan(
        play=str(play or ""),
        play_after=play_after,
        record=str(record or ""),
        digits=digits,
        digits_after=digits_after,
        seconds=seconds,
    )
    way = Way(transport=transport or "", ca=ca, verify=not insecure)
    sys.exit(run(target, plan, user=user, password=password, json=json, way=way))


@main.command()
@place
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000), help="Rows at most.")
@click.option("--account", help="Only calls of this account.")
@click.option("--refused", is_flag=True, help="What was turned away before it was a call or a registration.")
@as_json
def calls(
    config: Path | None, data: Path | None, limit: int, account: str | None, refused: bool, json: bool
) -> None:
    """List calls, those that are up first."""
    from controlplane.cli.calls import run

    sys.exit(run(config, data, os.environ, limit=limit, account=account, refused=refused, json=json))


@main.command()
@click.argument("call_id", metavar="CALL_ID")
@place
@click.option("--svg", type=FILE, metavar="FILE", help="Write the SIP ladder there, for a browser.")
@as_json
def trace(call_id: str, config: Path | None, data: Path | None, svg: Path | None, json: bool) -> None:
    """Show what happened in a call, by our id or its SIP Call-ID."""
    from controlplane.cli.trace import run

    sys.exit(run(config, data, os.environ, call_id, json=json, svg=svg))


@main.command()
@place
@as_json
def reload(config: Path | None, data: Path | None, json: bool) -> None:
    """Have the daemon read accounts, flows and its certificate again; live calls go on as they began."""
    from controlplane.cli.reload import run

    sys.exit(run(config, data, os.environ, json=json))


@main.command()
@place
@as_json
def drain(config: Path | None, data: Path | None, json: bool) -> None:
    """Have the daemon take no more calls, and end when the live ones are over."""
    from controlplane.cli.drain import run

    sys.exit(run(config, data, os.environ, json=json))


@main.group()
def cac() -> None:
    """Channels that calls take while they are up."""


@cac.command("show")
@click.argument("account")
@place
@as_json
def cac_show(account: str, config: Path | None, data: Path | None, json: bool) -> None:
    """What is in use of every limit, and by which calls."""
    from controlplane.cli.cac import show

    sys.exit(show(config, data, os.environ, account, json=json))


@cac.command("reset")
@click.argument("account")
@place
@as_json
def cac_reset(account: str, config: Path | None, data: Path | None, json: bool) -> None:
    """Give back what no live call holds, and clear rate windows; live calls keep theirs."""
    from controlplane.cli.cac import reset

    sys.exit(reset(config, data, os.environ, account, json=json))


@main.command()
@place
@as_json
def doctor(config: Path | None, data: Path | None, json: bool) -> None:
    """Check this machine and the configuration; every finding has its fix."""
    from controlplane.cli.doctor import run

    sys.exit(run(config, data, os.environ, json=json))


def _one_thread_for_arithmetic() -> None:
    """Before numpy is imported: BLAS would start a thread per core and fight the audio tick for them."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")


@main.group()
def agent() -> None:
    """AI agents."""


@agent.command("check")
@click.argument("url", metavar="URL")
@click.option("--dialect", default="tandem", show_default=True, help="What the agent speaks.")
@click.option("--variant", default="", help="Of twilio: telnyx or signalwire; of asterisk: plain or json.")
@click.option("--audio", type=click.Choice(["ulaw", "pcm"]), help="Where the dialect leaves it open.")
@click.option("--sample-rate", default=8000, show_default=True, type=click.Choice([8000, 16000, 24000]))
@click.option(
    "--header", "headers", multiple=True, metavar="NAME:VALUE", help="Of the handshake; may repeat."
)
@click.option("--only", multiple=True, metavar="WORD", help="Only cases with this in their name; may repeat.")
@click.option("--jobs", default=8, show_default=True, type=click.IntRange(1, 64), help="Cases at one time.")
@as_json
def agent_check(
    url: str,
    dialect: str,
    variant: str,
    audio: str | None,
    sample_rate: int,
    headers: tuple[str, ...],
    only: tuple[str, ...],
    jobs: int,
    json: bool,
) -> None:
    """Play an agent through what calls bring: barge-in, keys, noise, floods, lost lines."""
    _one_thread_for_arithmetic()
    from controlplane.cli.agent import check
    from controlplane.cli.agent import spec as spec_of
    from controlplane.observe import log

    log.set_up(level="ERROR")
    spec = spec_of(url, dialect, variant=variant, audio=audio or "", sample_rate=sample_rate, headers=headers)
    sys.exit(check(spec, only=only, jobs=jobs, json=json))


@main.group()
def bans() -> None:
    """Sources that are not listened to."""


@bans.command("list")
@place
@click.option("--status", type=click.Choice(("active", "expired", "unbanned", "all")), default="active")
@click.option("--query", default="", help="Beginning of an address, or part of a reason or User-Agent.")
@click.option("--flagged", is_flag=True, help="Only those that hit a registered phone or a trunk.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 1000), help="Rows at most.")
@as_json
def bans_list(
    config: Path | None, data: Path | None, status: str, query: str, flagged: bool, limit: int, json: bool
) -> None:
    """List bans, the latest first; (!) marks those that are likely a mistake."""
    status = "" if status == "all" else status
    sys.exit(_desk(config, data, json).bans(status=status, query=query, flagged=flagged, limit=limit))


@bans.command("add")
@click.argument("network", metavar="ADDRESS|NETWORK")
@place
@click.option("--seconds", default=3_600.0, show_default=True, type=click.FloatRange(1), help="How long.")
@click.option("--note", default="", help="Why, for whoever lists it.")
@as_json
def bans_add(
    network: str, config: Path | None, data: Path | None, seconds: float, note: str, json: bool
) -> None:
    """Ban an address or a network; an IPv6 address with its whole /64."""
    sys.exit(_desk(config, data, json).ban(network, seconds, note))


@bans.command("remove")
@click.argument("network", metavar="ADDRESS|NETWORK")
@place
@as_json
def bans_remove(network: str, config: Path | None, data: Path | None, json: bool) -> None:
    """End a ban before its time."""
    sys.exit(_desk(config, data, json).lift(network))


@main.group()
def allow() -> None:
    """Sources that are exempt from every limit and ban."""


@allow.command("list")
@place
@as_json
def allow_list(config: Path | None, data: Path | None, json: bool) -> None:
    """List what the configuration allows and what was added."""
    sys.exit(_desk(config, data, json).allowed())


@allow.command("add")
@click.argument("network", metavar="ADDRESS|NETWORK")
@place
@click.option("--note", default="", help="Who that is.")
@as_json
def allow_add(network: str, config: Path | None, data: Path | None, note: str, json: bool) -> None:
    """Allow an address or a network, and end bans of it."""
    sys.exit(_desk(config, data, json).allow(network, note))


@allow.command("remove")
@click.argument("network", metavar="ADDRESS|NETWORK")
@place
@as_json
def allow_remove(network: str, config: Path | None, data: Path | None, json: bool) -> None:
    """Allow it no more."""
    sys.exit(_desk(config, data, json).disallow(network))


def _desk(config: Path | None, data: Path | None, json: bool) -> "Desk":
    from controlplane.cli.security import Desk

    return Desk(config, data, os.environ, json=json)


@main.group()
def flow() -> None:
    """Check, rehearse and draw call flows."""


@flow.command("check")
@click.argument("file", type=FILE)
@click.option("--config", type=FILE, metavar="FILE", help="Look up names in this configuration.")
@as_json
def flow_check(file: Path, config: Path | None, json: bool) -> None:
    """Say what is wrong with a flow, with file, line and remedy; 1 when there is an error."""
    from controlplane.cli.flow import check_flow

    sys.exit(check_flow(file, config, os.environ, json=json))


@flow.command("simulate")
@click.argument("file", type=FILE)
@click.option(
    "--config", type=FILE, metavar="FILE", help="Schedules and further flows of this configuration."
)
@click.option(
    "--outcome", "outcomes", multiple=True, metavar="NAME", help="How commands end, such as digit:1."
)
@click.option("--set", "variables", multiple=True, metavar="NAME=VALUE", help="A variable at the start.")
@click.option(
    "--at", metavar="TIME", help="As though it were this moment, such as 2026-12-25T12:00:00+01:00."
)
@click.option("--script", type=FILE, metavar="FILE", help="Walk the expected paths of this file instead.")
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
    """Walk a flow without a phone: prompts as text, decisions, variables."""
    from controlplane.cli.flow import judge_script, simulate

    if script is not None:
        sys.exit(judge_script(file, config, script, os.environ, json=json))
    sys.exit(simulate(file, config, outcomes, variables, at, os.environ, json=json))


@flow.command("graph")
@click.argument("file", type=FILE)
@click.option("--format", "form", type=click.Choice(["mermaid", "svg"]), default="mermaid", show_default=True)
@as_json
def flow_graph(file: Path, form: str, json: bool) -> None:
    """Draw a flow."""
    from controlplane.cli.flow import graph

    sys.exit(graph(file, form, os.environ, json=json))


@flow.command("schema")
def flow_schema() -> None:
    """Print the JSON Schema of flows."""
    from controlplane.cli.flow import schema

    sys.exit(schema())
