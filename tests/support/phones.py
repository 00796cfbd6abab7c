"""Phones that others have written, registered as users of a daemon's account."""

from pathlib import Path
from typing import Any

from tests.support.baresip import Baresip
from tests.support.daemon import PASSWORDS, Daemon
from tests.support.softphone import Softphone


def baresip(tmp_path: Path, daemon: Daemon, user: str, **more: Any) -> Baresip:
    return Baresip(tmp_path / f"baresip-{user}", daemon.sip, user, PASSWORDS[user], **more)


def pjsua2(tmp_path: Path, daemon: Daemon, user: str, **more: Any) -> Softphone:
    return Softphone(tmp_path / f"pjsua2-{user}", daemon.sip, user, PASSWORDS[user], **more)
