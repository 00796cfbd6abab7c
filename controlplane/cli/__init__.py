"""The command `tandem`."""

from controlplane.cli import flow_command, object_command, queue_command, security_command, store_command
from controlplane.cli.command import main

__all__ = ["flow_command", "main", "object_command", "queue_command", "security_command", "store_command"]
