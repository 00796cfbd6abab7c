"""sipp scenarios out of a few words: what one end of a call sends and expects, as the XML that sipp reads.

::

    calling().invite(AUDIO).expect(180).expect(200).ack().pause(200).request("BYE").expect(200)
    called().incoming().answer(180).answer(200, AUDIO).ack_comes().comes("BYE").respond(200)

What is on the wire is not judged here but off sipp's own log (`tests.support.sipp.Sipp.wire`).
"""

import re
from pathlib import Path
from typing import Self

_URI = "sip:[-+*#%@.:;=_[:alnum:]]*"
_OUTSIDE = ("INVITE", "CANCEL", "SUBSCRIBE", "MESSAGE", "REGISTER")
_C = "v=0\no=sipp 1 1 IN IP4 [local_ip]\ns=-\nc=IN IP4 [local_ip]\nt=0 0\n"
AUDIO = (
    f"{_C}m=audio 6000 RTP/AVP 0 8 101\na=rtpmap:0 PCMU/8000\na=rtpmap:8 PCMA/8000\n"
    "a=rtpmap:101 telephone-event/8000\na=fmtp:101 0-16"
)
ALAW = f"{_C}m=audio 6000 RTP/AVP 8\na=rtpmap:8 PCMA/8000"
NO_STREAM = _C.rstrip("\n")
HELD = f"{AUDIO}\na=sendonly"
FAX = f"{_C}m=image 6002 udptl t38"


class Scenario:
    """One call. `ours` and `theirs` are From and To of our requests, whoever called; `target` is the peer's
    Contact, `via` and `cseq` are those of the INVITE that came, `rseq` that of a 1xx."""

    def __init__(self, *, caller: bool, proxied: bool = False) -> None:
        self._caller = caller
        self._proxied = proxied
        self._parts: list[str] = []
        self._cseq = 0
        self._invite_at = 0
        self._asked = ""
        self._up = False

    def xml(self) -> str:
        steps = "\n".join(self._parts)
        known = ",".join(dict.fromkeys(re.findall(r'assign_to="(\w+)"', steps)))
        used = f'<Reference variables="{known}"/>\n' if known else ""
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="made">\n{steps}\n{used}</scenario>\n'

    # What we send.

    def invite(self, sdp: str = "", headers: str = "", *, digest: bool = False) -> Self:
        """Out of the blue, or inside the dialog; `digest`: 401, ACK, and again with credentials."""
        self._cseq += 1
        self._request("INVITE", sdp, headers)
        if digest:
            self.expect(100, optional=True).expect(401, auth=True).ack_refusal()
            self._cseq += 1
            self._request("INVITE", sdp, f"[authentication]\n{headers}" if headers else "[authentication]")
        return self

    def request(self, method: str, sdp: str = "", headers: str = "") -> Self:
        if method not in ("CANCEL", "ACK"):
            self._cseq += 1
        self._request(method, sdp, headers)
        return self

    def prack(self) -> Self:
        """Of the reliable 1xx that came last, which is the answer to our INVITE."""
        learn = _take("RSeq", "rseq")
        self._parts[-1] = self._parts[-1].replace("</action>", f"{learn}</action>")
        rack = f"RAck:[$rseq] {self._cseq} INVITE"
        return self.request("PRACK", headers=rack)

    def subscribe(self, package: str) -> Self:
        """With digest; the 200 and the first NOTIFY may come in either order."""
        headers = f"Event: {package}\nExpires: 600"
        self._outside("SUBSCRIBE", headers)
        return self.expect(200).comes("NOTIFY").respond(200)

    def register(self) -> Self:
        """With digest, for what comes to the same address and port in a later run."""
        self._outside("REGISTER", "Expires: 600")
        return self.expect(200)

    def message(self, text: str) -> Self:
        self._outside("MESSAGE", "Content-Type: text/plain", text)
        return self.expect(202)

    def ack(self, sdp: str = "") -> Self:
        """Of a 2xx."""
        self._request("ACK", sdp, "")
        self._up = True
        return self

    def ack_refusal(self) -> Self:
        """Of 3xx to 6xx: hop by hop, with the branch of its INVITE (RFC 3261 §17.1.1.3)."""
        self._request("ACK", "", "", branch=f"[branch-{len(self._parts) - self._invite_at}]")
        return self

    def cancel(self, headers: str = "") -> Self:
        self._request("CANCEL", "", headers, branch=f"[branch-{len(self._parts) - self._invite_at}]")
        return self

    def answer(self, status: int, sdp: str = "", headers: str = "") -> Self:
        """The INVITE that came."""
        hops = ["Via:[$via]", "Via:[$via2]"] if self._proxied else ["Via:[$via]"]
        lines = [*hops, "[last_Record-Route:]", "From:[$theirs]", "To:[$ours];tag=[pid]y[call_number]"]
        return self._send(
            f"SIP/2.0 {status} X", [*lines, "Call-ID: [call_id]", "CSeq:[$cseq]", *_rest(sdp, headers)], sdp
        )

    def respond(self, status: int, sdp: str = "", headers: str = "") -> Self:
        """The request that came last."""
        lines = ["[last_Via:]", "[last_From:]", "[last_To:]", "[last_Call-ID:]", "[last_CSeq:]"]
        return self._send(f"SIP/2.0 {status} X", [*lines, *_rest(sdp, headers)], sdp)

    def pause(self, ms: int) -> Self:
        self._parts.append(f'<pause milliseconds="{ms}"/>')
        return self

    def play(self, pcap: Path) -> Self:
        """RTP as it was captured, to the peer's media address."""
        self._parts.append(f'<nop><action><exec play_pcap_audio="{pcap}"/></action></nop>')
        return self

    # What comes.

    def expect(self, status: int, *, optional: bool = False, auth: bool = False) -> Self:
        attributes = (' optional="true"' if optional else "") + (' auth="true"' if auth else "")
        learn = ""
        if 100 < status < 300 and not self._up and not optional and self._asked == "INVITE":
            learn = f"<action>{_take('To', 'theirs')}{_take('Contact', 'target', _URI)}</action>"
            attributes += ' rrs="true"'
        self._parts.append(f'<recv response="{status}"{attributes}>{learn}</recv>')
        return self

    def incoming(self) -> Self:
        """An INVITE for a new call."""
        takes = "".join(
            (
                _take("From", "theirs"),
                _take("To", "ours"),
                _take("Contact", "target", _URI),
                _take("Via", "via"),
                _take("CSeq", "cseq"),
                self._second_via(),
            )
        )
        self._parts.append(f'<recv request="INVITE" rrs="true"><action>{takes}</action></recv>')
        return self

    def incoming_again(self) -> Self:
        """An INVITE inside the dialog."""
        takes = _take("Via", "via") + _take("CSeq", "cseq") + self._second_via()
        self._parts.append(f'<recv request="INVITE"><action>{takes}</action></recv>')
        return self

    def comes(self, method: str, *, optional: bool = False) -> Self:
        self._parts.append(
            f'<recv request="{method}"{" optional=" + chr(34) + "true" + chr(34) if optional else ""}/>'
        )
        return self

    def proven(self, username: str, password: str) -> Self:
        """sipp itself finds the `Authorization` of what came last right; else nothing goes on."""
        name = f"proof{len(self._parts)}"
        check = f'<verifyauth assign_to="{name}" username="{username}" password="{password}"/>'
        last = self._parts[-1]
        if last.endswith("/>"):
            last = last.removesuffix("/>") + "><action></action></recv>"
        self._parts[-1] = last.replace("</action>", f"{check}</action>")
        self._parts.append(
            f'<nop test="{name}" next="{name}"/>\n<recv request="PROOF"/>\n<label id="{name}"/>'
        )
        return self

    def ack_comes(self) -> Self:
        self._up = True
        return self.comes("ACK")

    # Inside.

    def _second_via(self) -> str:
        if not self._proxied:
            return ""
        return _take("Via", "via2").replace("check_it=", 'occurrence="2" check_it=')

    def _outside(self, method: str, headers: str, body: str = "") -> None:
        """A request outside of dialogs, twice: once to be challenged."""
        self._cseq += 1
        self._request(method, body, headers)
        self.expect(401, auth=True)
        self._cseq += 1
        self._request(method, body, f"[authentication]\n{headers}")

    def _request(self, method: str, sdp: str, headers: str, branch: str = "[branch]") -> None:
        self._asked = method
        if method == "INVITE":
            self._invite_at = len(self._parts)
        outside = self._caller and not self._up and (method in _OUTSIDE or branch != "[branch]")
        service = "sip:[service]@[remote_ip]:[remote_port]"
        if self._caller:
            from_ = "From: <sip:[user]@[remote_ip]>;tag=[pid]x[call_number]"
            to = f"To: <{service}>" if outside else "To:[$theirs]"
            if method == "ACK" and outside:
                to = f"To: <{service}>[peer_tag_param]"
        else:
            from_, to = "From:[$ours];tag=[pid]y[call_number]", "To:[$theirs]"
        lines = [
            f"Via: SIP/2.0/[transport] [local_ip]:[local_port];branch={branch};rport",
            "" if "Max-Forwards:" in headers else "Max-Forwards: 70",
            from_,
            to,
            "Call-ID: [call_id]",
            f"CSeq: {self._cseq} {method}",
            "" if outside else "[routes]",
            *_rest(sdp, headers),
        ]
        uri = service if outside else "[$target]"
        retrans = method not in ("ACK",)
        self._send(f"{method} {uri} SIP/2.0", lines, sdp, retrans=retrans)

    def _send(self, start: str, lines: list[str], sdp: str, *, retrans: bool = False) -> Self:
        text = "\n".join([start, *(line for line in lines if line)])
        body = f"\n\n{sdp}\n" if sdp else "\n\n"
        again = ' retrans="500"' if retrans else ""
        self._parts.append(f"<send{again}><![CDATA[\n{text}{body}]]></send>")
        return self


def calling() -> Scenario:
    return Scenario(caller=True)


def called(*, proxied: bool = False) -> Scenario:
    """Args: proxied: one proxy stands before us; its Via and the next go back in each answer."""
    return Scenario(caller=False, proxied=proxied)


def _rest(sdp: str, headers: str) -> list[str]:
    contact = "Contact: <sip:[user]@[local_ip]:[local_port];transport=[transport]>"
    own = [] if "Contact:" in headers else [contact]
    kind = ["Content-Type: application/sdp"] if sdp and "Content-Type:" not in headers else []
    return [*own, *headers.split("\n"), *kind, "Content-Length: [len]"]


def _take(header: str, variable: str, pattern: str = ".*") -> str:
    where = f'search_in="hdr" header="{header}:" check_it="true"'
    return f'<ereg regexp="{pattern}" {where} assign_to="{variable}"/>'
