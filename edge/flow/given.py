"""Variables that every call brings into its flow (S004-20)."""

from typing import Final

from edge.flow.value import Value

GIVEN: Final = ("call_id", "account", "direction", "caller", "caller_name", "caller_cid", "callee", "did")


def given(
    *,
    call_id: str,
    account: str,
    direction: str = "in",
    caller: str = "",
    caller_name: str = "",
    callee: str = "",
    did: str = "",
) -> dict[str, Value]:
    """`caller_cid` is the caller's number without +."""
    return {
        "call_id": call_id,
        "account": account,
        "direction": direction,
        "caller": caller,
        "caller_name": caller_name,
        "caller_cid": caller.removeprefix("+"),
        "callee": callee,
        "did": did,
    }
