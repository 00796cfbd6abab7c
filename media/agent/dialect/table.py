"""Dialect names of the configuration → their translators."""

from collections.abc import Callable, Mapping
from typing import Final

from media.agent.contract import Context, Dialect
from media.agent.dialect.asterisk import Asterisk
from media.agent.dialect.conversationrelay import ConversationRelay
from media.agent.dialect.deepgram import Deepgram
from media.agent.dialect.elevenlabs import ElevenLabs
from media.agent.dialect.gemini import Gemini
from media.agent.dialect.jambonz import Jambonz
from media.agent.dialect.openai import OpenAI
from media.agent.dialect.tandem import Tandem
from media.agent.dialect.twilio import Signalwire, Telnyx, Twilio
from media.agent.dialect.ultravox import Ultravox

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


DIALECTS: Final[Mapping[str, Callable[[Context, Token], Dialect]]] = {
    "asterisk": lambda context, token: Asterisk(context),
    "conversationrelay": lambda context, token: ConversationRelay(context),
    "deepgram": lambda context, token: Deepgram(context),
    "elevenlabs": lambda context, token: ElevenLabs(context),
    "gemini": lambda context, token: Gemini(context),
    "jambonz": lambda context, token: Jambonz(context),
    "openai": lambda context, token: OpenAI(context),
    "tandem": lambda context, token: Tandem(context),
    "twilio": _twilio,
    "ultravox": lambda context, token: Ultravox(context),
}
"Names that the configuration allows and this table lacks are refused when a call reaches them."
