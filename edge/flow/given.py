"""Variables that every call brings into its flow (S004-20)."""

from collections.abc import Mapping
from typing import Final

from edge.flow.value import Value

GIVEN: Final = (
    "call_id",
    "account",
    "direction",
    "caller",
    "caller_name",
    "caller_cid",
    "callee",
    "did",
    "headers",
    "caller_private",
)


def given(
    *,
    call_id: str,
    account: str,
    direction: str = "in",
    caller: str = "",
    caller_name: str = "",
    callee: str = "",
    did: str = "",
    headers: Mapping[str, str] | None = None,
    caller_private: bool = False,
) -> dict[str, Value]:
    """`caller_cid` is the caller's number without +; headers: custom ones that may pass, as `x_name`;
    caller_private: the caller asks that its number be told to nobody.
    """
    return {
        "call_id": call_id,
        "account": account,
        "direction": direction,
        "caller": caller,
        "caller_name": caller_name,
        "caller_cid": caller.removeprefix("+"),
        "callee": callee,
        "did": did,
        "headers": dict(headers or {}),
        "caller_private": caller_private,
    }
