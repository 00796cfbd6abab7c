"""Chromium with JsSIP as a telephone: a real browser's ICE, DTLS, SRTP, Opus and SIP over WSS.

JsSIP comes from npm and is bundled by esbuild when a test first asks for it, into a folder of that run.
The microphone is a WAV; what is heard is measured in the page by its spectrum.
"""

import base64
import contextlib
import functools
import http.server
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from tests.support import wav
from tests.support.wav import Signal

PACKAGES = ("jssip@3.13.8", "esbuild@0.25.12")
PAGE = Path(__file__).with_name("browser.html")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
)


def chromium() -> str:
    """The browser; skips where something that the test stands on is missing."""
    pytest.importorskip("playwright", reason="playwright is not installed (scripts/interop installs it)")
    for tool, package in (("chromium", "chromium"), ("npm", "npm")):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed (Debian: apt install {package})")
    return shutil.which("chromium") or ""


def bundle(folder: Path) -> Path:
    """A folder with the page and JsSIP, ready to be served."""
    site = folder / "site"
    if (site / "jssip.js").exists():
        return site
    site.mkdir(parents=True)
    shutil.copy(PAGE, site / "index.html")
    options = ("--no-audit", "--no-fund", "--silent", "--prefix", str(folder))
    subprocess.run(["npm", "install", *options, *PACKAGES], check=True, timeout=120, cwd=folder)
    entry = folder / "entry.js"
    entry.write_text("window.JsSIP = require('jssip');\n")
    subprocess.run(
        [
            folder / "node_modules/.bin/esbuild",
            entry,
            "--bundle",
            "--format=iife",
            "--log-level=error",
            f"--outfile={site / 'jssip.js'}",
        ],
        check=True,
        timeout=60,
    )
    return site


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Pages may use a microphone when they come from this machine, and not from a file."""
    handler = functools.partial(_Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/index.html"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def trusted_key(certificate: Path) -> str:
    """What Chromium takes this certificate by, and no other."""
    key = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    encoded = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    digest = hashes.Hash(hashes.SHA256())
    digest.update(encoded)
    return base64.b64encode(digest.finalize()).decode()


class Browser:
    """One page, registered as `user`."""

    def __init__(
        self,
        folder: Path,
        site: Path,
        url: str,
        user: str,
        password: str,
        *,
        speaks: Signal,
        certificate: Path,
        answers: bool = False,
    ) -> None:
        self._chromium = chromium()
        folder.mkdir(parents=True)
        self._folder = folder
        self._site = site
        self._start = [url, f"sip:{user}@demo.local", password, answers]
        microphone = wav.write(folder / "microphone.wav", speaks)
        self._flags = [
            *FLAGS,
            f"--use-file-for-fake-audio-capture={microphone}",
            f"--ignore-certificate-errors-spki-list={trusted_key(certificate)}",
        ]
        self._stack = contextlib.ExitStack()
        self.page: Any = None

    def __enter__(self) -> "Browser":
        from playwright.sync_api import sync_playwright

        with contextlib.ExitStack() as stack:
            play = stack.enter_context(sync_playwright())
            context = play.chromium.launch_persistent_context(
                str(self._folder / "profile"), executable_path=self._chromium, headless=True, args=self._flags
            )
            stack.callback(context.close)
            self.page = context.pages[0]
            self.page.goto(stack.enter_context(served(self._site)))
            self.page.evaluate(
                "([url, uri, password, answers]) => start(url, uri, password, answers)", self._start
            )
            self._stack = stack.pop_all()
        self.until("state.registered", "it registered")
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None:
            error.add_note(f"the browser saw {self.events()}")
        self._stack.close()

    def run(self, script: str) -> Any:
        return self.page.evaluate(script)

    def events(self) -> list[str]:
        return [f"{event['name']}:{event['detail']}" for event in self.run("state.events")]

    def until(self, script: str, what: str, timeout: float = 15.0) -> Any:
        """Wait for a true value of `script`."""
        deadline = time.monotonic() + timeout
        while not (value := self.run(script)):
            assert time.monotonic() < deadline, f"not so that {what}: {self.events()}"
            time.sleep(0.05)
        return value

    def saw(self, name: str, timeout: float = 15.0, count: int = 1) -> None:
        test = f"state.events.filter((event) => event.name === '{name}').length >= {count}"
        self.until(test, f"{name} came", timeout)

    def dial(self, number: str) -> None:
        self.run(f"dial('{number}')")
        self.saw("confirmed")

    def hears(self, frequency: float, timeout: float = 10.0) -> None:
        """Wait until this is the strongest frequency [Hz], well above silence."""
        test = f"""((found) => found.length && found[0].db > -60
            && Math.abs(found[0].hz - {frequency}) < 8)(peaks(1, 50))"""
        self.until(test, f"{frequency} Hz is heard, but {self.run('peaks(3, 50)')}", timeout)

    def hears_key(self, low: float, high: float, timeout: float = 5.0) -> None:
        """Wait for both tones of a key; a browser plays the events that it is sent (RFC 4733 §2.5.2.2)."""
        test = f"""((found) => [{low}, {high}].every(
            (tone) => found.some((one) => one.db > -60 && Math.abs(one.hz - tone) < 12)))(peaks(4, 30))"""
        self.until(test, f"{low} and {high} Hz are heard", timeout)

    def hears_nothing(self, timeout: float = 10.0) -> None:
        self.until("peaks(1, 50).every((one) => one.db < -75)", "it is silent", timeout)
