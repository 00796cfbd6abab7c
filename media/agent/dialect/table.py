"""Dialect names of the configuration → their translators."""

from collections.abc import Callable, Mapping
from typing import Final

from media.agent.contract import Context, Dialect
from media.agent.dialect.tandem import Tandem
from media.agent.dialect.twilio import Signalwire, Telnyx, Twilio

Token = Callable[[int], str]
"Returns that many random bytes in hex."


def _twilio(context: Context, token: Token) -> Dialect:
    match context.options.variant:
        case "telnyx":
            return Telnyx(context, token)
        case "signalwire":
            return Signalwire(context, token)
        case _:
            return Twilio(context, token)


def _tandem(context: Context, token: Token) -> Dialect:
    return Tandem(context)


DIALECTS: Final[Mapping[str, Callable[[Context, Token], Dialect]]] = {
    "tandem": _tandem,
    "twilio": _twilio,
}
"Names that the configuration allows and this table lacks are refused when a call reaches them."
