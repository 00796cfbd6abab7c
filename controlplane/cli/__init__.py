"""The command `tandem`."""

from controlplane.cli.command import main

__all__ = ["main"]
