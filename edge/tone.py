"""The tones that callers of each country know: one row a country (after ITU-T E.180, Supplement 2).

Frequencies are in Hz, cadences pairs of (on, off) in seconds: what `media.port.Tone` takes. Modulated tones
are given by their carrier; of several that are in use one stands here.
"""

from typing import Final

from config.value import dataclass

Frequencies = tuple[float, ...]
Cadence = tuple[tuple[float, float], ...]
Sounded = tuple[Frequencies, Cadence, tuple[Frequencies, ...]]
"Frequencies, cadence, and frequencies burst by burst where they differ."

SPECIAL: Final[Sounded] = ((), ((0.33, 0.0), (0.33, 0.0), (0.33, 1.0)), ((950.0,), (1400.0,), (1800.0,)))
"Special information tone (E.180 §7): the number cannot be reached, however often one tries."


@dataclass(frozen=True, slots=True)
class Tones:
    ringback: Sounded
    busy: Sounded
    congestion: Sounded
    "Also heard where a prompt is missing that says what failed."
    intercept: Sounded = SPECIAL

    def of_cause(self, cause: str) -> Sounded:
        """What goes before the end of a call, by the causes of a flow's `hangup`."""
        match cause:
            case "congestion" | "declined" | "unavailable":
                return self.congestion
            case "not_found":
                return self.intercept
            case _:
                return self.busy


def _even(on: float) -> Cadence:
    return ((on, on),)


def _row(hertz: float, ring: Cadence, busy: Cadence, congestion: Cadence, *ringing: float) -> Tones:
    """Args: ringing: frequencies of ringback, unless that is of `hertz` as well."""
    one = (hertz,)
    return Tones((ringing or one, ring, ()), (one, busy, ()), (one, congestion, ()))


_TWICE: Final[Cadence] = ((0.4, 0.2), (0.4, 2.0))
_SLOW: Final[Cadence] = ((1.0, 4.0),)
_NORTH_AMERICA: Final = Tones(
    ((440.0, 480.0), ((2.0, 4.0),), ()),
    ((480.0, 620.0), _even(0.5), ()),
    ((480.0, 620.0), _even(0.25), ()),
)
_EUROPE: Final = _row(425, _SLOW, _even(0.5), _even(0.2))

DEFAULT: Final = "us"
COUNTRIES: Final[dict[str, Tones]] = {
    "us": _NORTH_AMERICA,
    "ca": _NORTH_AMERICA,
    "gb": _row(400, _TWICE, _even(0.375), ((0.4, 0.35), (0.225, 0.525)), 400, 450),
    "ie": _row(425, _TWICE, _even(0.5), _even(0.25), 400, 450),
    "au": _row(425, _TWICE, _even(0.375), _even(0.375), 400, 450),
    "nz": _row(400, _TWICE, _even(0.5), _even(0.25), 400, 450),
    "in": _row(400, _TWICE, _even(0.75), _even(0.25), 400, 425),
    "de": _row(425, _SLOW, _even(0.48), _even(0.24)),
    "at": _row(420, ((1.0, 5.0),), _even(0.4), _even(0.2)),
    "fr": _row(440, ((1.5, 3.5),), _even(0.5), _even(0.25)),
    "es": _row(425, ((1.5, 3.0),), _even(0.2), ((0.2, 0.2), (0.2, 0.2), (0.2, 0.6))),
    "it": _row(425, _SLOW, _even(0.5), _even(0.2)),
    "nl": _row(425, _SLOW, _even(0.5), _even(0.25)),
    "be": _row(425, ((1.0, 3.0),), _even(0.5), _even(0.167)),
    "ch": _row(425, _SLOW, _even(0.5), _even(0.2)),
    "se": _row(425, ((1.0, 5.0),), _even(0.25), ((0.25, 0.75),)),
    "jp": _row(400, ((1.0, 2.0),), _even(0.5), _even(0.5)),
    "cn": _row(450, _SLOW, _even(0.35), _even(0.7)),
    "br": _row(425, _SLOW, _even(0.25), ((0.25, 0.25), (0.75, 0.25))),
    "cz": _row(425, _SLOW, _even(0.33), _even(0.165)),
    "sk": _row(425, _SLOW, _even(0.33), _even(0.165)),
    "fi": _row(425, _SLOW, _even(0.3), _even(0.2)),
    "gr": _row(425, _SLOW, _even(0.3), _even(0.2)),
    "hu": _row(425, ((1.25, 3.75),), _even(0.3), _even(0.3)),
    "pl": _row(425, _SLOW, _even(0.5), _even(0.5)),
    "pt": _row(425, ((1.0, 5.0),), _even(0.5), _even(0.2)),
    "tr": _row(450, ((2.0, 4.0),), _even(0.5), ((0.2, 0.2), (0.2, 0.2), (0.2, 0.2), (0.6, 0.2))),
    "ro": _row(450, ((1.85, 4.15),), _even(0.167), _even(0.5)),
    **dict.fromkeys(("dk", "no"), _EUROPE),
}
"By ISO 3166-1 alpha-2 code, lower case; others hear those of `DEFAULT`."


def tones(country: str) -> Tones:
    return COUNTRIES.get(country, COUNTRIES[DEFAULT])
