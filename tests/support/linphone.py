"""linphonec, the terminal of the Linphone library that many softphones and door phones are made of.

Its quirks (5.1, Debian 12): it starts only where its folders are there, answers a command by lines of
output, and without a sound card plays a file of its own once told to.
"""

import shutil
import time
from pathlib import Path

import pytest

from tests.support.address import SIP_PORT, loopback
from tests.support.process import Child

_PORTS = iter(range(30_000, 40_000, 10))


class Linphone(Child):
    """One registered phone; it is read and told what to do by lines."""

    def __init__(
        self, folder: Path, server: tuple[str, int], user: str, password: str, *, srtp: bool = False
    ) -> None:
        program = shutil.which("linphonec")
        if program is None:
            pytest.skip("linphonec is not installed (apt install linphone-cli)")
        for name in (".local/share/linphone", ".config/linphone"):
            (folder / name).mkdir(parents=True)
        where, address = "{}:{}".format(*server), loopback()
        settings = {
            "sip": {
                "use_ipv6": 0,
                "bind_address": address,
                "sip_port": SIP_PORT,
                "sip_tcp_port": -1,
                "sip_tls_port": -1,
                "media_encryption": "srtp" if srtp else "none",
                "default_proxy": 0,
            },
            "rtp": {"audio_rtp_port": next(_PORTS)},
            "auth_info_0": {"username": user, "passwd": password, "realm": "demo.local"},
            "proxy_0": {
                "reg_proxy": f"<sip:{where}>",
                "reg_route": f"<sip:{where};lr>",
                "reg_identity": f"sip:{user}@demo.local",
                "reg_sendregister": 1,
            },
        }
        file = folder / "linphonerc"
        file.write_text(
            "\n".join(
                line
                for section, values in settings.items()
                for line in (f"[{section}]", *(f"{name}={value}" for name, value in values.items()))
            )
        )
        command = [program, "-c", file, "-d", "6", "-l", folder / "log"]
        super().__init__(command, name=f"linphonec {user}", env={"HOME": str(folder)})
        deadline = time.monotonic() + 60.0
        while not self.count("registered, identity="):
            assert time.monotonic() < deadline, f"not registered\n{self.report()}"
            self.write("status register")
            time.sleep(0.5)
        self.write("soundcard use files")
        self.wait_for("instead of soundcard", 30.0)

    def say(self, command: str, answer: str, timeout: float = 30.0) -> None:
        """Give a command and wait for the line that tells of its end."""
        after = len(self.lines)
        self.write(command)
        self.wait_for(answer, timeout, after=after)
