"""`scripts/fuzz`: what the parsers and the switch make of nearly good input."""

import secrets
import sys

import click

from tests.fuzz.run import TARGETS, run, run_case


@click.command()
@click.option("--seconds", default=60.0, show_default=True, help="How long, over all targets.")
@click.option("--seed", type=int, help="Names the cases; without it another one every time.")
@click.option("--target", "names", multiple=True, type=click.Choice(sorted(TARGETS)), help="These only.")
@click.option("--case", help="Run one case, SEED/NUMBER, of one target again.")
def main(seconds: float, seed: int | None, names: tuple[str, ...], case: str | None) -> None:
    """Feed seeded mutations to every parser and to the whole switch; print how to repeat what fails."""
    if case is not None:
        if len(names) != 1:
            raise click.UsageError("--case needs one --target")
        found = run_case(TARGETS[names[0]], case)
        click.echo(found.reproducer() if found is not None else "fine")
        sys.exit(found is not None)
    seed = secrets.randbelow(1_000_000) if seed is None else seed
    click.echo(f"seed {seed}")
    report = run(names or TARGETS, seconds, seed)
    for name, cases in report.cases.items():
        click.echo(f"{name:10} {cases:9,} cases {cases / report.seconds[name]:9,.0f}/s")
    for found in report.findings:
        click.echo(f"\n{found.reproducer()}")
    click.echo(f"{sum(report.cases.values()):,} cases, {len(report.findings)} findings")
    sys.exit(bool(report.findings))


if __name__ == "__main__":
    main()
