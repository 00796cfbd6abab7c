"""baresip without a screen or sound card: speaks a WAV, keeps what it hears, obeys by TCP.

Its quirks (1.0.0, Debian 12): `aufile` plays a WAV of exactly `ausrc_srate` once, and cannot
record; what is heard comes from the `sndfile` filter, whose file is complete after the call; a
player that keeps no sound must still be there (`aubridge`), or nothing is decoded.
"""

import json
import os
import shutil
import socket
import threading
from pathlib import Path

import pytest

from tests.support import wav
from tests.support.address import SIP_PORT, loopback
from tests.support.process import Child, wait_until
from tests.support.wav import Signal

MODULES = Path("/usr/lib/baresip/modules")


def required() -> str:
    """The program, or a skip that says what to install."""
    program = shutil.which("baresip")
    if program is None or not (MODULES / "sndfile.so").exists():
        pytest.skip("baresip is not installed (apt install baresip-core)")
    return program


class Baresip:
    """One registered phone; `speaks` (8 kHz, or the codec's rate) is played once into every call."""

    def __init__(
        self,
        folder: Path,
        server: tuple[str, int],
        user: str,
        password: str,
        *,
        speaks: Signal,
        answers: bool = False,
        transport: str = "udp",
        ca: Path | None = None,
        six: bool = False,
        codec: str = "",
        srtp: str = "",
        domain: str = "",
    ) -> None:
        """Args:
        ca: whom it trusts when `transport` is tls.
        six: it speaks IPv6, from ::1.
        codec: `g722/16000`, `opus/48000`…, instead of G.711; the files then have 16 or 48 kHz.
        domain: of its address; `server` is then a proxy on the way there (RFC 3261 §8.1.2).
        srtp: `srtp` (offered with RTP/AVP), `srtp-mand` (RTP/SAVP) or `dtls_srtp` (keys by DTLS, no ICE).
        """
        program = required()
        folder.mkdir(parents=True)
        self.folder = folder
        self.user = user
        self.events: list[dict[str, object]] = []
        self._changed = threading.Condition()
        self.address = loopback()
        self.rate = int(codec.split("/")[1]) if codec else 8000
        sound = wav.write(folder / "speaks.wav", speaks, rate=self.rate)
        (folder / "heard").mkdir()
        modules = ["g711", "aufile", "aubridge", "sndfile", "account", "menu", "ctrl_tcp"]
        # The accounts are read when their module is loaded, and must find the codec then.
        modules = (
            ([codec.split("/")[0]] if codec else [])
            + ([srtp.removesuffix("-mand")] if srtp else [])
            + modules
        )
        (folder / "config").write_text(
            "\n".join(
                [
                    "poll_method epoll",
                    *(
                        ["sip_listen [::1]:0", "net_interface ::1", "prefer_ipv6 yes"]
                        if six
                        else [f"sip_listen {self.address}:{SIP_PORT}", f"net_interface {self.address}"]
                    ),
                    *([] if ca is None else [f"sip_cafile {ca}"]),
                    "call_local_timeout 30",
                    "call_max_calls 4",
                    f"audio_source aufile,{sound}",
                    "audio_player aubridge,quiet",
                    "audio_alert aubridge,quiet",
                    *(
                        f"{side}_{what}"
                        for side in ("ausrc", "auplay")
                        for what in (f"srate {self.rate}", "channels 1")
                    ),
                    "audio_level no",
                    "rtp_tos 184",
                    "rtp_ports 10000-10100",
                    "rtp_timeout 0",
                    f"snd_path {folder / 'heard'}",
                    f"ctrl_tcp_listen {self.address}:4444",
                    f"module_path {MODULES}",
                    *(f"module {name}.so" for name in modules),
                ]
            )
            + "\n"
        )
        host, port = server
        proxy = f"{host}:{port};transport={transport}"
        aor = f"{user}@{domain or proxy}"
        (folder / "accounts").write_text(
            f"<sip:{aor}>;auth_user={user};auth_pass={password};regint=120"
            + (f';outbound="sip:{proxy}"' if domain else "")
            + f";audio_codecs={codec or 'PCMU,PCMA'};answermode={'auto' if answers else 'manual'}"
            + (f";mediaenc={srtp}" if srtp else "")
            + "\n"
        )
        (folder / "contacts").write_text("")
        self.child = Child([program, "-f", folder], name=f"baresip {user}", env={"HOME": str(folder)})
        try:
            self.child.wait_for("TCP socket listening|baresip is ready")
            self._control = socket.create_connection((self.address, 4444), 5.0)
        except BaseException:
            self.child.stop()
            raise
        self._control.settimeout(None)
        threading.Thread(target=self._read, name=f"events of baresip {user}", daemon=True).start()

    def wait_registered(self, timeout: float = 10.0) -> None:
        # Its event may come before anybody listens for it.
        wait_until(
            lambda: self.count("REGISTER_OK") or self.child.count(r"\} 200 OK "),
            timeout,
            what=f"baresip {self.user} is registered",
        )

    def command(self, command: str, params: str = "") -> None:
        body = json.dumps({"command": command, "params": params}).encode()
        self._control.sendall(b"%d:%s," % (len(body), body))

    def dial(self, uri: str, timeout: float = 10.0) -> None:
        """Returns when the call is answered."""
        before = self.count("CALL_ESTABLISHED")
        self.command("dial", uri)
        wait_until(
            lambda: self.count("CALL_ESTABLISHED") > before,
            timeout,
            what=f"the call to {uri}\n{self.child.report()}",
        )

    def press(self, digit: str) -> None:
        self.command("sndcode", digit)

    def hang_up(self) -> None:
        self.command("hangup")

    def wait_event(self, kind: str, times: int = 1, timeout: float = 10.0) -> None:
        wait_until(
            lambda: self.count(kind) >= times,
            timeout,
            what=f"{kind} at baresip {self.user}\n{self.child.report()}",
        )

    def count(self, kind: str) -> int:
        with self._changed:
            return sum(1 for event in self.events if event.get("type") == kind)

    def heard(self) -> Signal:
        """All that it heard in its last call, which must be over."""
        files = sorted(self.folder.glob("heard/*-dec.wav"), key=os.path.getmtime)
        assert files, f"baresip recorded nothing\n{self.child.report()}"
        signal, rate = wav.read(files[-1])
        assert rate == self.rate
        return signal

    def stop(self) -> None:
        self._control.close()
        self.child.stop(3.0)  # it waits half a minute for a registrar that has gone

    def __enter__(self) -> "Baresip":
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.stop()
        if error is not None:
            error.add_note(self.child.report())

    def _read(self) -> None:
        buffer = b""
        while True:
            try:
                data = self._control.recv(65_536)
            except OSError:
                return
            if not data:
                return
            buffer += data
            while b":" in buffer:
                size, _, rest = buffer.partition(b":")
                length = int(size)
                if len(rest) < length + 1:
                    break
                buffer = rest[length + 1 :]
                with self._changed:
                    self.events.append(json.loads(rest[:length]))
