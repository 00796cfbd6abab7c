"""What we can do, as peers are told of it (RFC 3261 §11.2), and requests that change nothing of their dialog.

INFO by RFC 6086: none of its packages is known, so a request that names one gets 469; legacy ones, which name
none, get 200 whatever they hold, as key presses in their bodies are read by `edge.call.info`.
"""

from typing import Final

from config.value import dataclass
from edge.sip.message import Message, Request

SUPPORTED: Final = ("100rel", "norefersub", "replaces", "timer")
"Option tags that a peer may require in an INVITE."
REGISTRAR: Final = ("path", "outbound")
"Option tags that a REGISTER may require besides (RFC 3327 §5.3, RFC 5626 §6)."
SDP = "application/sdp"
ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, INFO, UPDATE, PRACK, REFER, SUBSCRIBE, MESSAGE"
_KNOWN: Final = frozenset((*ALLOW.split(", "), "NOTIFY", "PUBLISH"))
"Every method of an RFC."
EVENTS: Final = "dialog, presence, message-summary, reg"
"Packages of SUBSCRIBE, for Allow-Events (RFC 6665 §8.2.2)."
AGENT = "Tandem"

CAPABILITIES: Final = (
    ("Accept", SDP),
    ("Accept-Encoding", "identity"),
    ("Supported", ", ".join((*REGISTRAR, *SUPPORTED))),
    ("Allow-Events", EVENTS),
)
"Of a 200 to OPTIONS, beside Allow."

PACKAGES: Final = ("dtmf", "dtmf-relay")
"Of INFO with key presses, as some call it; neither was ever registered."

KEY_RELAY: Final = "application/dtmf-relay"
KEY: Final = "application/dtmf"
KEY_TYPES: Final = (KEY_RELAY, KEY)
"Of bodies with key presses; neither was ever standardised."

UNREADABLE: Final = (
    ("Warning", f'399 tandem "not_acceptable: the answer is {SDP}, which Accept leaves out"'),
)
"Of a 406 to an offer whose answer could not be read (§21.4.7; RFC 4475 §3.3.15)."


@dataclass(frozen=True, slots=True)
class InfoTerms:
    """What a peer says of INFO with key presses.

    That the method stands in Allow does not tell that keys are read in it: nearly all have it there, and what
    a gateway answers with 200 and passes over is lost, where a tone would have been heard.
    """

    offered: bool = False
    "It names a package for them, or their content type."
    used: bool = False
    "It has sent a key so itself."
    package: str = ""
    "It is sent as one of this package (RFC 6086 §4.1); empty: as a legacy one."
    short: bool = False
    "It takes, or has sent, application/dtmf, and not application/dtmf-relay."

    @property
    def reads_keys(self) -> bool:
        return self.offered or self.used


def info_terms(peer: Message, before: InfoTerms) -> InfoTerms:
    """Args: before: what holds where the message says nothing of methods."""
    allow, packages = peer.headers.elements("Allow"), peer.headers.elements("Recv-Info")
    if not allow and not packages:
        return before
    named = [package for package in packages if package.partition(";")[0].strip().lower() in PACKAGES]
    legacy = any(method.upper() == "INFO" for method in allow) and not accepted(peer).isdisjoint(KEY_TYPES)
    return InfoTerms(
        bool(named) or legacy,
        before.used,
        named[0].partition(";")[0].strip() if named else "",
        takes_short(peer) or (before.used and before.short and not legacy),
    )


def takes_short(peer: Message) -> bool:
    """Whether it takes a bare key, and no `Signal=`."""
    return KEY in accepted(peer) and KEY_RELAY not in accepted(peer)


def accepted(peer: Message) -> set[str]:
    """Content types in its Accept."""
    return {each.partition(";")[0].strip().lower() for each in peer.headers.elements("Accept")}


def unserved(method: str) -> int:
    """405 for a method that is known and not taken here (RFC 3261 §8.2.1), 501 for one that nobody has heard
    of (§21.5.2); either comes with Allow."""
    return 405 if method in _KNOWN else 501


def aside(request: Request) -> tuple[int, tuple[tuple[str, str], ...]]:
    """Status and headers of the answer to a request that its dialog does not depend on."""
    allow = ("Allow", ALLOW)
    match request.method:
        case "INFO" if not _package_known(request):
            why = '399 tandem "bad_info_package: no package is known here"'
            return 469, (("Recv-Info", ""), ("Warning", why))  # RFC 6086 §4.2.2
        case "INFO":
            return 200, ()
        case "OPTIONS":
            return 200, (allow, *CAPABILITIES)
        case "SUBSCRIBE" if _event(request) in EVENTS.split(", "):
            why = '399 tandem "dialog_in_use: subscribe outside of the call"'
            return 403, (("Warning", why),)  # a second usage of the dialog, which RFC 5057 §7 advises against
        case "SUBSCRIBE":
            return 489, (("Allow-Events", EVENTS),)
        case _:
            return unserved(request.method), (allow,)


def _event(request: Request) -> str:
    return (request.headers.get("Event") or "").partition(";")[0].strip().lower()


def _package_known(request: Request) -> bool:
    """RFC 6086 §8: one that is named is none of ours, but a key press is read however it is wrapped."""
    if not request.headers.get("Info-Package"):
        return True
    return (request.headers.get("Content-Type") or "").lower().startswith("application/dtmf")
