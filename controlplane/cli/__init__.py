"""The command `tandem`."""

from controlplane.cli.command import main
from controlplane.cli.store_command import backup

main.add_command(backup)

__all__ = ["main"]
