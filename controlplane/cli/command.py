"""The daemon's own commands with their options; other modules named `…_command` add theirs to `main`.

What a command needs is imported when it runs: `tandem --help` is quick.

Exit status: 0 good, 1 refused or failed, 2 bad usage.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from config.error import did_you_mean

F = TypeVar("F", bound=Callable[..., Any])

FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)


def place(command: F) -> F:
    """The options by which a command finds a configuration and a daemon."""
    command = click.option(
        "--data", type=FOLDER, metavar="DIR", help="Data folder; overrides TANDEM_DATA and node.data."
    )(command)
    return click.option(
        "--config",
        type=FILE,
        metavar="FILE",
        help="Configuration; overrides TANDEM_CONFIG. Without either, the default one.",
    )(command)


def as_json(command: F) -> F:
    return click.option("--json", "json", is_flag=True, help="Print JSON instead of text.")(command)


class Commands(click.Group):
    """Who names a command that there is not is told which there are."""

    group_class = type

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            names = self.list_commands(ctx)
            hint = did_you_mean(args[0], names, f"the commands are {', '.join(names)}")
            raise click.UsageError(f"{error.message.rstrip('.')}; {hint}", ctx) from None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="tandem", message="%(version)s")
def main() -> None:
    """Tandem: phones and trunks on one side, AI agents on the other.

    Begin with `tandem serve`, and `tandem doctor` when something is wrong.
    """


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
    """Check a configuration. Shows everything that is wrong, and how to fix it."""
    from controlplane.cli.check_config import run

    sys.exit(run(file or config, data, os.environ, json=json))


@main.command()
@click.argument("target", metavar="SIP-URI")
@click.option("--user", default="", help="Username to authenticate with.")
@click.option("--password", default="", envvar="TANDEM_PASSWORD", help="Its password, or TANDEM_PASSWORD.")
@click.option("--play", type=FILE, metavar="WAV", help="Play this file once the call is answered.")
@click.option(
    "--play-after", default=1.0, show_default=True, metavar="S", help="Wait this long before playing."
)
@click.option("--record", type=FILE, metavar="WAV", help="Record what is heard.")
@click.option("--digits", default="", help="Keys to press, such as 12#; after the WAV, if there is one.")
@click.option(
    "--digits-after", default=1.0, show_default=True, metavar="S", help="Wait this long before pressing keys."
)
@click.option(
    "--seconds", default=20.0, show_default=True, metavar="S", help="Hang up this long after the answer."
)
@click.option(
    "--transport",
    type=click.Choice(["udp", "tcp", "tls", "ws", "wss"]),
    help="Default: what the address and DNS say.",
)
@click.option(
    "--ca",
    type=FILE,
    metavar="PEM",
    help="Certificate authority to trust in addition to the system's, for TLS and WSS.",
)
@click.option("--insecure", is_flag=True, help="Accept any certificate of the far end.")
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
    """Make a call with the built-in softphone.

    SIP-URI is such as sip:9000@127.0.0.1. Exits with 1 when the call fails.
    """
    _one_thread_for_arithmetic()
    from controlplane.cli.call import Way, run
    from controlplane.observe import log
    from edge.softphone.script import Plan

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
@click.option("--account", help="Show only calls of this account.")
@click.option(
    "--refused",
    is_flag=True,
    help="Show requests that were refused before they became a call or a registration.",
)
@as_json
def calls(
    config: Path | None, data: Path | None, limit: int, account: str | None, refused: bool, json: bool
) -> None:
    """List calls, live ones first."""
    from controlplane.cli.calls import run

    sys.exit(run(config, data, os.environ, limit=limit, account=account, refused=refused, json=json))


@main.command()
@click.argument("call_id", metavar="CALL_ID")
@place
@click.option("--svg", type=FILE, metavar="FILE", help="Write the SIP ladder diagram to FILE, for a browser.")
@as_json
def trace(call_id: str, config: Path | None, data: Path | None, svg: Path | None, json: bool) -> None:
    """Show what happened in a call. CALL_ID is Tandem's id or the SIP Call-ID."""
    from controlplane.cli.trace import run

    sys.exit(run(config, data, os.environ, call_id, json=json, svg=svg))


@main.command()
@place
@as_json
def reload(config: Path | None, data: Path | None, json: bool) -> None:
    """Read accounts, flows and certificate again. Live calls are not affected."""
    from controlplane.cli.reload import run

    sys.exit(run(config, data, os.environ, json=json))


@main.command()
@place
@as_json
def drain(config: Path | None, data: Path | None, json: bool) -> None:
    """Refuse new calls; stop when the live ones are over."""
    from controlplane.cli.drain import run

    sys.exit(run(config, data, os.environ, json=json))


@main.group()
def cac() -> None:
    """Channels in use (call admission control)."""


@cac.command("show")
@click.argument("account")
@place
@as_json
def cac_show(account: str, config: Path | None, data: Path | None, json: bool) -> None:
    """Show the use of every limit, and the calls behind it."""
    from controlplane.cli.cac import show

    sys.exit(show(config, data, os.environ, account, json=json))


@cac.command("reset")
@click.argument("account")
@place
@as_json
def cac_reset(account: str, config: Path | None, data: Path | None, json: bool) -> None:
    """Release channels that no live call holds, and clear rate windows."""
    from controlplane.cli.cac import reset

    sys.exit(reset(config, data, os.environ, account, json=json))


@main.command()
@place
@as_json
def doctor(config: Path | None, data: Path | None, json: bool) -> None:
    """Check machine and configuration. Every finding comes with a fix."""
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
@click.option("--dialect", default="tandem", show_default=True, help="The protocol that the agent speaks.")
@click.option("--variant", default="", help="For twilio: telnyx or signalwire; for asterisk: plain or json.")
@click.option("--audio", type=click.Choice(["ulaw", "pcm"]), help="Where the dialect has a choice.")
@click.option("--sample-rate", default=8000, show_default=True, type=click.Choice([8000, 16000, 24000]))
@click.option(
    "--header",
    "headers",
    multiple=True,
    metavar="NAME:VALUE",
    help="Header of the WebSocket handshake; may repeat.",
)
@click.option(
    "--only", multiple=True, metavar="WORD", help="Run only cases with this in their name; may repeat."
)
@click.option(
    "--jobs", default=8, show_default=True, type=click.IntRange(1, 64), help="Cases to run at the same time."
)
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
    """Test an agent with simulated calls. They bring barge-in, keys, noise, floods, lost connections."""
    _one_thread_for_arithmetic()
    from controlplane.cli.agent import check
    from controlplane.cli.agent import spec as spec_of
    from controlplane.observe import log

    log.set_up(level="ERROR")
    spec = spec_of(url, dialect, variant=variant, audio=audio or "", sample_rate=sample_rate, headers=headers)
    sys.exit(check(spec, only=only, jobs=jobs, json=json))
