"""Echo (`*43`) and plain pick-up: the call is answered here and nobody else is asked."""

from edge.call.call import Call
from edge.call.treatment import Treatment
from media.port import Echo


class EchoTreatment(Treatment):
    """The caller hears itself."""

    def begin(self, call: Call, now: float) -> None:
        if call.answer(now):
            call.ground.media(Echo(call.leg.id))


class PickUpTreatment(Treatment):
    """Answered and left in silence until the caller hangs up."""

    def begin(self, call: Call, now: float) -> None:
        call.answer(now)
