"""What every part of the configuration is made of: the frozen section and the scalar types.

A validator refuses by `refusal(what, fix)`: `config.load` turns it into a `Problem` with file and line.
"""

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo
from pydantic_core import PydanticCustomError


class Section(BaseModel):
    """A frozen part of the configuration; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def refusal(what: str, fix: str = "") -> PydanticCustomError:
    """The error by which a validator says what is wrong and what to change."""
    # Braces would be read as fields of the template.
    return PydanticCustomError("refused", "{what}", {"what": what, "fix": fix})


_DURATION: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)\s*(ms|s|m|h|d)")
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}


def _duration(value: object) -> object:
    if not isinstance(value, str):
        return value
    if (match := _DURATION.fullmatch(value.strip())) is None:
        raise refusal("not a duration", "write a number and ms, s, m, h or d, such as 60s or 10m")
    return float(match[1]) * _UNITS[match[2]]


def matching(pattern: str, what: str, fix: str) -> AfterValidator:
    """Refuses text that is not all of `pattern`."""
    expression = re.compile(pattern)

    def check(value: str) -> str:
        if expression.fullmatch(value) is None:
            raise refusal(what, fix)
        return value

    return AfterValidator(check)


def _origin(value: str) -> str:
    if re.fullmatch(r"https?://[^/\s]+", value) is None:
        raise refusal("no web origin", "write scheme://host[:port] without a path")
    return value.lower()


Origin = Annotated[str, AfterValidator(_origin)]
"Of a web page, in lower case."


def _did(value: str) -> str:
    digits = value.removeprefix("+")
    if re.fullmatch(r"[0-9]{3,15}", digits) is None:
        raise refusal("not an E.164 number", 'write 3 to 15 digits, such as "12025550123"')
    return digits


_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")


def headers_of(value: dict[str, str]) -> dict[str, str]:
    """HTTP headers that smuggle no other."""
    for name, text in value.items():
        if _HEADER_NAME.fullmatch(name) is None or not text.isprintable():
            raise refusal(f"not an HTTP header: {name!r}", "use a header name and text of one line")
    return value


def _address(value: str) -> str:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise refusal("not an IP address", "write an address such as 192.0.2.10 or ::1") from None


def _network(value: str) -> str:
    try:
        return str(ipaddress.ip_network(value, strict=False))
    except ValueError:
        raise refusal("not an IP address or network", "write 192.0.2.10 or 192.0.2.0/24") from None


def _path(value: Path, info: ValidationInfo) -> Path:
    folder = (info.context or {}).get("folder")
    return value if folder is None else Path(folder, value.expanduser())


def _beside(value: Path, info: ValidationInfo) -> Path:
    folder = (info.context or {}).get("beside")
    return value if folder is None else Path(folder, value.expanduser())


Duration = Annotated[float, BeforeValidator(_duration)]
"`500ms`, `60s`, `10m`, `1h`, `1d` or a bare number of seconds → [s]."
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
"A limit; None where it is optional means no limit."
Port = Annotated[int, Field(ge=1, le=65_535)]
Number = Annotated[
    str, matching(r"[0-9*#]{1,32}", "not a number to dial", "use 1 to 32 of the characters 0-9 * #")
]
"An internal number, as dialled."
E164 = Annotated[str, AfterValidator(_did)]
"Digits without +, which may be written."
Name = Annotated[
    str,
    matching(
        r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}",
        "not a usable name",
        "use 1 to 64 letters, digits, _ - or . and begin with a letter, digit or _",
    ),
]
Username = Annotated[
    str,
    matching(
        r"[A-Za-z0-9._~*#+-]{1,64}",
        "not a usable username",
        "use 1 to 64 letters, digits or . _ ~ * # + -",
    ),
]
Host = Annotated[
    str,
    AfterValidator(str.lower),
    matching(
        r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*",
        "not a host name",
        "write a name such as example.org",
    ),
]
"Lower case."
Address = Annotated[str, AfterValidator(_address)]
Network = Annotated[str, AfterValidator(_network)]
"In CIDR form; a lone address becomes /32 or /128."
RelativePath = Annotated[Path, AfterValidator(_path)]
"Relative to the configuration file; of the default one, to the working directory."
BesidePath = Annotated[Path, AfterValidator(_beside)]
"Relative to the configuration file, also to the default one: what comes with it."
SipUri = Annotated[
    str,
    matching(r"(?i:sips?:)[^\s<>\"]{1,250}", "not a SIP URI", 'write one such as "sip:192.0.2.10:5060"'),
]
