"""Header fields in order, under their canonical names (RFC 3261 §7.3)."""

import functools
from collections.abc import Iterable, Iterator
from typing import Any, Final

from edge.sip.grammar import Malformed, is_token, split_list

COMPACT: Final = {
    "a": "Accept-Contact",  # RFC 3841 §9.2
    "b": "Referred-By",  # RFC 3892 §3
    "c": "Content-Type",  # RFC 3261 §20.15
    "d": "Request-Disposition",  # RFC 3841 §9.1
    "e": "Content-Encoding",  # RFC 3261 §20.12
    "f": "From",  # RFC 3261 §20.20
    "i": "Call-ID",  # RFC 3261 §20.8
    "j": "Reject-Contact",  # RFC 3841 §9.3
    "k": "Supported",  # RFC 3261 §20.37
    "l": "Content-Length",  # RFC 3261 §20.14
    "m": "Contact",  # RFC 3261 §20.10
    "n": "Identity-Info",  # RFC 4474 §9
    "o": "Event",  # RFC 6665 §8.2.1
    "r": "Refer-To",  # RFC 3515 §2.1
    "s": "Subject",  # RFC 3261 §20.36
    "t": "To",  # RFC 3261 §20.39
    "u": "Allow-Events",  # RFC 6665 §8.2.2
    "v": "Via",  # RFC 3261 §20.42
    "x": "Session-Expires",  # RFC 4028 §4
    "y": "Identity",  # RFC 8224 §4
}

# fmt: off
_KNOWN: Final = (
    "Accept", "Accept-Contact", "Accept-Encoding", "Accept-Language", "Alert-Info", "Allow", "Allow-Events",
    "Authentication-Info", "Authorization", "Call-ID", "Call-Info", "Contact", "Content-Disposition",
    "Content-Encoding", "Content-Language", "Content-Length", "Content-Type", "CSeq", "Date", "Diversion",
    "Error-Info", "Event", "Expires", "Flow-Timer", "From", "Geolocation", "History-Info", "Identity",
    "Identity-Info", "In-Reply-To", "Join", "Max-Forwards", "MIME-Version", "Min-Expires", "Min-SE",
    "Organization", "P-Access-Network-Info", "P-Asserted-Identity", "P-Associated-URI", "P-Called-Party-ID",
    "P-Charging-Vector", "P-Early-Media", "P-Preferred-Identity", "Path", "Priority", "Privacy",
    "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Require", "RAck", "Reason", "Record-Route",
    "Refer-Sub", "Refer-To", "Referred-By", "Reject-Contact", "Remote-Party-ID", "Replaces", "Reply-To",
    "Request-Disposition", "Require", "Resource-Priority", "Retry-After", "Route", "RSeq",
    "Security-Client", "Security-Server", "Security-Verify", "Server", "Service-Route", "Session-Expires",
    "Session-ID", "SIP-ETag", "SIP-If-Match", "Subject", "Subscription-State", "Supported", "Target-Dialog",
    "Timestamp", "To", "Unsupported", "User-Agent", "Via", "Warning", "WWW-Authenticate",
)
# fmt: on

_BY_LOWER: Final = {name.lower(): name for name in _KNOWN} | COMPACT
# Spellings met on the wire; all others go through the memo of `canonical`.
SPELLING: Final = {name: name for name in _KNOWN} | {name.lower(): name for name in _KNOWN} | COMPACT


def canonical(name: str) -> str:
    """Canonical spelling of a field name: the RFC's, or `Each-Word-Like-This` for a name that we do not know.

    Raises:
        Malformed: not a token.
    """
    # What is remembered is bounded in number and in length.
    return _canonical_cached(name) if len(name) <= 64 else _canonical(name)


def _canonical(name: str) -> str:
    name = name.strip(" \t")
    if not is_token(name):
        raise Malformed("header", "bad field name")
    lower = name.lower()
    return _BY_LOWER.get(lower) or "-".join(word.capitalize() for word in lower.split("-"))


_canonical_cached = functools.lru_cache(1_024)(_canonical)


class Headers:
    """Ordered multimap of (canonical name, raw value). A message owns its headers: never share them.

    Names may be given in any spelling; the canonical one is the quickest. They must be tokens.
    """

    __slots__ = ("_first", "_items", "derived")

    def __init__(self, items: Iterable[tuple[str, str]] = ()) -> None:
        self._items = [(_name(name), value) for name, value in items]
        self._first: dict[str, str] | None = None
        self.derived: dict[str, Any] = {}  # Any: the property that fills an entry knows its type
        "What `message.py` computed from the fields (typed values, wire form); an edit drops what it touches."

    @classmethod
    def adopt(cls, items: list[tuple[str, str]], first: dict[str, str] | None = None) -> "Headers":
        """Take over `items`, whose names are canonical, and `first`, the first value of each name."""
        headers = cls.__new__(cls)
        headers._items = items
        headers._first = first
        headers.derived = {}
        return headers

    def get(self, name: str) -> str | None:
        """The first value of `name`."""
        first = self._first
        if first is None:
            first = self._first = dict(reversed(self._items))
        value = first.get(name)
        if value is None and name not in _CANONICAL:
            value = first.get(_name(name))
        return value

    def all(self, name: str) -> list[str]:
        """Every value of `name`, one for each line."""
        name = _name(name)
        if self._first is not None and name not in self._first:
            return []
        return [value for key, value in self._items if key == name]

    def elements(self, name: str) -> list[str]:
        """The comma-separated elements of all values. Not for WWW-Authenticate and its like (§7.3.1)."""
        name = _name(name)
        found: list[str] = []
        if self._first is not None and name not in self._first:
            return found
        for key, value in self._items:
            if key == name:
                found += split_list(value)
        return found

    def add(self, name: str, value: str) -> None:
        name = _name(name)
        self._items.append((name, value))
        if self._first is not None:
            self._first.setdefault(name, value)
        self._edited(name)

    def prepend(self, name: str, value: str) -> None:
        """Put before all others, as a Via must be."""
        name = _name(name)
        self._items.insert(0, (name, value))
        self._edited_first(name, value)

    def set(self, name: str, value: str) -> None:
        """One value for `name`, where its first stood, else at the end."""
        name = _name(name)
        for index, (key, _) in enumerate(self._items):
            if key == name:
                rest = [item for item in self._items[index + 1 :] if item[0] != name]
                self._items[index:] = [(name, value), *rest]
                break
        else:
            self._items.append((name, value))
        self._edited_first(name, value)

    def set_top(self, name: str, value: str) -> None:
        """Replace the first element of the first `name` only: the topmost Via, the first Route."""
        name = _name(name)
        for index, (key, old) in enumerate(self._items):
            if key == name:
                if "," in old:
                    value = ", ".join([value, *split_list(old)[1:]])
                self._items[index] = (name, value)
                break
        else:
            self._items.insert(0, (name, value))
        self._edited_first(name, value)

    def remove(self, name: str) -> None:
        """All values of `name`; none is no error."""
        name = _name(name)
        self._items = [item for item in self._items if item[0] != name]
        if self._first is not None:
            self._first.pop(name, None)
        self._edited(name)

    def copy(self) -> "Headers":
        return Headers.adopt(self._items.copy())

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return f"Headers({', '.join(name for name, _ in self._items)})"

    def _edited_first(self, name: str, value: str) -> None:
        if self._first is not None:
            self._first[name] = value
        self._edited(name)

    def _edited(self, name: str) -> None:
        if derived := self.derived:
            derived.pop("wire", None)
            derived.pop(_DERIVED.get(name, ""), None)


_CANONICAL: Final = frozenset(_KNOWN)
_DERIVED: Final = {"Via": "via", "From": "from", "To": "to", "CSeq": "cseq", "Contact": "contacts"}


def _name(name: str) -> str:
    return SPELLING.get(name) or canonical(name)
