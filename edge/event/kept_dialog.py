"""A dialog as JSON values, for one that outlives the process: a subscription's (RFC 3261 §12)."""

from collections.abc import Mapping

from edge.sip.address import Address
from edge.sip.dialog import Dialog, DialogState
from edge.sip.grammar import Malformed
from edge.sip.uri import Uri


def dialog_data(dialog: Dialog) -> dict[str, object]:
    return {
        "call_id": dialog.call_id,
        "local": str(dialog.local),
        "remote": str(dialog.remote),
        "target": str(dialog.target),
        "route": [str(hop) for hop in dialog.route],
        "contact": "" if dialog.contact is None else str(dialog.contact),
        "local_cseq": dialog.local_cseq,
        "remote_cseq": dialog.remote_cseq or 0,
        "secure": dialog.secure,
    }


def dialog_of(data: Mapping[str, object]) -> Dialog | None:
    """None: what was kept cannot be read, such as that of another version."""
    try:
        route = data["route"]
        assert isinstance(route, list), "it was written as a list"
        return Dialog(
            call_id=str(data["call_id"]),
            local=Address.parse(str(data["local"])),
            remote=Address.parse(str(data["remote"])),
            target=Uri.parse(str(data["target"])),
            route=tuple(Address.parse(str(hop)) for hop in route),
            contact=Address.parse(str(data["contact"])) if data["contact"] else None,
            local_cseq=int(str(data["local_cseq"])),
            remote_cseq=int(str(data["remote_cseq"])) or None,
            secure=bool(data["secure"]),
            state=DialogState.CONFIRMED,
        )
    except (KeyError, ValueError, AssertionError, Malformed):
        return None
