"""A pjsua2 phone as a child process, and the handle that a test holds.

pjsua2 aborts the process when an object outlives the library, so it never runs inside pytest:
`python -m tests.support.softphone '<json>'` is the phone (polled, one thread, everything dropped
before `libDestroy`); it reads commands from standard input and prints events as JSON lines.
"""

import gc
import importlib
import json
import select
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support import wav
from tests.support.address import SIP_PORT, loopback
from tests.support.process import Child
from tests.support.wav import Signal


class Softphone:
    """One registered pjsua2 phone; `speaks` is looped into every call, what it hears is kept."""

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
        srtp: bool = False,
        waiting: bool = False,
        prack: bool = False,
        watches: str = "",
        domain: str = "",
        codec: str = "PCMU",
    ) -> None:
        """
        Args:
            transport: udp or tls; ca: whom it trusts then.
            srtp: it speaks nothing else.
            waiting: it asks for its waiting messages (RFC 3842).
            prack: it requires 100rel (RFC 3262).
            watches: whose presence it follows, a number (RFC 3856).
            domain: of its address; `server` is then a proxy on the way there (RFC 3261 §8.1.2).
            codec: the one that it speaks: PCMU, PCMA, G722, GSM… (its wheel has no Opus).
        """
        pytest.importorskip("pjsua2", reason="pjsua2 is not installed (scripts/interop installs it)")
        folder.mkdir(parents=True)
        self._heard = folder / "heard.wav"
        self.address = loopback()
        settings = {
            "address": self.address,
            "server": f"{server[0]}:{server[1]}",
            "user": user,
            "password": password,
            "speaks": str(wav.write(folder / "speaks.wav", speaks)),
            "heard": str(self._heard),
            "answers": answers,
            "transport": transport,
            "ca": str(ca or ""),
            "srtp": srtp,
            "waiting": waiting,
            "prack": prack,
            "watches": watches,
            "domain": domain,
            "codec": codec,
        }
        self.child = Child(
            [sys.executable, "-m", "tests.support.softphone", json.dumps(settings)], name=f"pjsua2 {user}"
        )

    def wait_registered(self, timeout: float = 10.0) -> None:
        self.child.wait_for('"registered"', timeout)

    def dial(self, uri: str, timeout: float = 10.0) -> None:
        """Returns when the call is answered and has audio."""
        seen = len(self.child.lines)
        self.child.write(f"dial {uri}")
        self.child.wait_for('"audio"', timeout, after=seen)

    def wait_call(self, timeout: float = 10.0) -> None:
        self.child.wait_for('"audio"', timeout)

    def say(self, command: str) -> None:
        """hold, resume, transfer URI or replace URI DIALOG (a Replaces, RFC 3891)."""
        self.child.write(command)

    def wait_event(self, pattern: str, timeout: float = 10.0, *, after: int = 0) -> None:
        """A line of JSON that matches, behind the first `after` lines."""
        self.child.wait_for(pattern, timeout, after=after)

    def press(self, digits: str) -> None:
        self.child.write(f"press {digits}")

    def inform(self, digits: str) -> None:
        """Press them by SIP INFO."""
        self.child.write(f"inform {digits}")

    def hang_up(self) -> None:
        self.child.write("hangup")

    def wait_ended(self, timeout: float = 10.0) -> dict[str, Any]:
        """The event, with `status` and `reason`."""
        ended: dict[str, Any] = json.loads(self.child.wait_for('"ended"', timeout).string)
        return ended

    def digits(self) -> str:
        events = [json.loads(line) for line in self.child.lines if line.startswith("{")]
        return "".join(event["digit"] for event in events if event["event"] == "digit")

    def heard(self) -> Signal:
        """All that it heard, after `wait_ended`."""
        signal, rate = wav.read(self._heard)
        assert rate == 8000
        return signal

    def __enter__(self) -> "Softphone":
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if self.child.running:
            self.child.write("quit")
            try:
                self.child.wait(5.0)
            except AssertionError as stuck:
                if error is None:
                    raise
                error.add_note(str(stuck))
            finally:
                self.child.stop()
        if error is not None:
            error.add_note(self.child.report())


def main() -> None:
    settings = json.loads(sys.argv[1])
    pj = importlib.import_module("pjsua2")

    def say(event: str, **fields: object) -> None:
        print(json.dumps({"event": event, **fields}), flush=True)

    class PhoneCall(pj.Call):  # type: ignore[misc, name-defined]
        def onCallState(self, _: object) -> None:
            info = self.getInfo()
            if info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
                live.pop("call", None)
                live.pop("recorder", None)  # closes the file
                say("ended", status=info.lastStatusCode, reason=info.lastReason)
            else:
                say("state", state=info.stateText)

        def onCallMediaState(self, _: object) -> None:
            info = self.getInfo()
            for index, media in enumerate(info.media):
                if media.type == pj.PJMEDIA_TYPE_AUDIO and media.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                    audio = self.getAudioMedia(index)
                    if "recorder" not in live:
                        live["recorder"] = pj.AudioMediaRecorder()
                        live["recorder"].createRecorder(settings["heard"])
                    live["player"].startTransmit(audio)
                    audio.startTransmit(live["recorder"])
                    say("audio")
                elif media.status == pj.PJSUA_CALL_MEDIA_LOCAL_HOLD:
                    say("held")

        def onCallTransferStatus(self, event: Any) -> None:
            say("transfer", status=event.statusCode, final=event.finalNotify)

        def onDtmfDigit(self, event: Any) -> None:
            say("digit", digit=event.digit)

    class Watched(pj.Buddy):  # type: ignore[misc, name-defined]
        def onBuddyState(self) -> None:
            info = self.getInfo()
            online = info.presStatus.status == pj.PJSUA_BUDDY_STATUS_ONLINE
            say("presence", state=info.subStateName, online=online, text=info.presStatus.note)

    class PhoneAccount(pj.Account):  # type: ignore[misc, name-defined]
        def onRegState(self, event: Any) -> None:
            say("registered" if event.code == 200 else "refused", code=event.code, expires=event.expiration)

        def onMwiInfo(self, event: Any) -> None:
            say("waiting", text=event.rdata.wholeMsg.partition("\r\n\r\n")[2])

        def onIncomingCall(self, event: Any) -> None:
            live["call"] = PhoneCall(self, event.callId)
            say("incoming")
            if settings["answers"]:
                operation = pj.CallOpParam()
                if settings["prack"]:
                    operation.statusCode = 183
                    live["call"].answer(operation)
                operation.statusCode = 200
                live["call"].answer(operation)

    live: dict[str, Any] = {}
    endpoint = pj.Endpoint()
    endpoint.libCreate()
    config = pj.EpConfig()
    config.uaConfig.threadCnt = 0
    config.uaConfig.mainThreadOnly = True
    config.uaConfig.userAgent = "pjsua2"
    config.medConfig.threadCnt = 1
    config.medConfig.clockRate = config.medConfig.sndClockRate = 8000
    config.medConfig.noVad = True
    config.medConfig.ecTailLen = 0
    config.logConfig.level = config.logConfig.consoleLevel = 3
    endpoint.libInit(config)
    transport = pj.TransportConfig()
    transport.port, transport.boundAddress = SIP_PORT, settings["address"]
    secure = settings["transport"] == "tls"
    if secure:
        transport.tlsConfig.CaListFile = settings["ca"]
        transport.tlsConfig.verifyServer = True
    endpoint.transportCreate(pj.PJSIP_TRANSPORT_TLS if secure else pj.PJSIP_TRANSPORT_UDP, transport)
    endpoint.libStart()
    endpoint.audDevManager().setNullDev()
    for codec in endpoint.codecEnum2():
        endpoint.codecSetPriority(codec.codecId, 255 if codec.codecId.startswith(settings["codec"]) else 0)

    live["player"] = pj.AudioMediaPlayer()
    live["player"].createPlayer(settings["speaks"])
    account_config = pj.AccountConfig()
    domain = settings["domain"] or settings["server"]
    account_config.idUri = f"sip:{settings['user']}@{domain}"
    account_config.regConfig.registrarUri = f"sip:{domain}" + (";transport=tls" if secure else "")
    if settings["domain"]:
        account_config.sipConfig.proxies.append(f"sip:{settings['server']};lr")
    account_config.sipConfig.authCreds.append(
        pj.AuthCredInfo("digest", "*", settings["user"], 0, settings["password"])
    )
    account_config.mediaConfig.transportConfig.boundAddress = settings["address"]
    account_config.mediaConfig.transportConfig.port = 10_000
    account_config.mediaConfig.transportConfig.portRange = 100
    account_config.mwiConfig.enabled = settings["waiting"]
    if settings["prack"]:
        account_config.callConfig.prackUse = pj.PJSUA_100REL_MANDATORY
    if settings["srtp"]:
        account_config.mediaConfig.srtpUse = pj.PJMEDIA_SRTP_MANDATORY
        account_config.mediaConfig.srtpSecureSignaling = 0
    live["account"] = PhoneAccount()
    live["account"].create(account_config)
    if settings["watches"]:
        buddy = pj.BuddyConfig()
        buddy.uri, buddy.subscribe = f"sip:{settings['watches']}@{settings['server']}", True
        live["watched"] = Watched()
        live["watched"].create(live["account"], buddy)
    say("ready")

    running = True
    while running:
        endpoint.libHandleEvents(20)
        if not select.select([sys.stdin], [], [], 0)[0]:
            continue
        command, _, argument = sys.stdin.readline().strip().partition(" ")
        match command:
            case "dial":
                live["call"] = PhoneCall(live["account"])
                live["call"].makeCall(argument, pj.CallOpParam(True))
            case "replace":
                uri, _, dialog = argument.partition(" ")
                operation, header = pj.CallOpParam(True), pj.SipHeader()
                header.hName, header.hValue = "Replaces", dialog
                operation.txOption.headers.append(header)
                live["call"] = PhoneCall(live["account"])
                live["call"].makeCall(uri, operation)
            case "press" if "call" in live:
                live["call"].dialDtmf(argument)
            case "inform" if "call" in live:
                keys = pj.CallSendDtmfParam()
                keys.method, keys.digits = pj.PJSUA_DTMF_METHOD_SIP_INFO, argument
                live["call"].sendDtmf(keys)
            case "hold" if "call" in live:
                live["call"].setHold(pj.CallOpParam(True))
            case "resume" if "call" in live:
                again = pj.CallOpParam(True)
                again.opt.flag = pj.PJSUA_CALL_UNHOLD
                live["call"].reinvite(again)
            case "transfer" if "call" in live:
                live["call"].xfer(argument, pj.CallOpParam(True))
            case "hangup" if "call" in live:
                live["call"].hangup(pj.CallOpParam())
            case "quit" | "":
                running = False
    endpoint.hangupAllCalls()
    for _ in range(25):
        endpoint.libHandleEvents(20)
    live.clear()
    gc.collect()
    endpoint.libDestroy()
    say("gone")


if __name__ == "__main__":
    main()
