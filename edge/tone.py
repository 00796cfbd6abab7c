"""The tones that callers of each country know (after ITU-T E.180, Supplement 2): ringback and congestion.

Frequencies are in Hz, cadences pairs of (on, off) in seconds: what `media.port.Tone` takes. Modulated tones
are given by their carrier.
"""

from dataclasses import dataclass
from typing import Final

Sounded = tuple[tuple[float, ...], tuple[tuple[float, float], ...]]
"Frequencies and cadence."


@dataclass(frozen=True, slots=True)
class Tones:
    ringback: Sounded
    congestion: Sounded
    "Also heard where a prompt is missing that says what failed."


def _tones(hertz: float, ring: tuple[float, float], congested: float) -> Tones:
    return Tones(((hertz,), (ring,)), ((hertz,), ((congested, congested),)))


_NORTH_AMERICA: Final = Tones(((440.0, 480.0), ((2.0, 4.0),)), ((480.0, 620.0), ((0.25, 0.25),)))
_DOUBLE: Final = ((400.0, 450.0), ((0.4, 0.2), (0.4, 2.0)))
_BRITAIN: Final = Tones(_DOUBLE, ((400.0,), ((0.4, 0.35), (0.225, 0.525))))
_EUROPE: Final = _tones(425.0, (1.0, 4.0), 0.2)

DEFAULT: Final = "us"
COUNTRIES: Final[dict[str, Tones]] = {
    "us": _NORTH_AMERICA,
    "ca": _NORTH_AMERICA,
    "gb": _BRITAIN,
    "ie": _BRITAIN,
    "au": Tones(_DOUBLE, ((400.0,), ((0.375, 0.375),))),
    "nz": Tones(_DOUBLE, ((400.0,), ((0.25, 0.25),))),
    "in": Tones(((400.0, 425.0), ((0.4, 0.2), (0.4, 2.0))), ((400.0,), ((0.25, 0.25),))),
    "de": _tones(425.0, (1.0, 4.0), 0.24),
    "at": _tones(420.0, (1.0, 5.0), 0.2),
    "fr": _tones(440.0, (1.5, 3.5), 0.25),
    "es": Tones(((425.0,), ((1.5, 3.0),)), ((425.0,), ((0.2, 0.2), (0.2, 0.2), (0.2, 0.6)))),
    "nl": _tones(425.0, (1.0, 4.0), 0.25),
    "be": _tones(425.0, (1.0, 3.0), 0.167),
    "se": Tones(((425.0,), ((1.0, 5.0),)), ((425.0,), ((0.25, 0.75),))),
    "jp": _tones(400.0, (1.0, 2.0), 0.5),
    "cn": _tones(450.0, (1.0, 4.0), 0.7),
    "br": Tones(((425.0,), ((1.0, 4.0),)), ((425.0,), ((0.25, 0.25), (0.75, 0.25)))),
    **dict.fromkeys(("ch", "cz", "dk", "fi", "gr", "hu", "it", "no", "pl", "pt", "ro", "sk", "tr"), _EUROPE),
}
"By ISO 3166-1 alpha-2 code, lower case; others hear those of `DEFAULT`."


def tones(country: str) -> Tones:
    return COUNTRIES.get(country, COUNTRIES[DEFAULT])
