"""Parameters of a query string that several operations share. What is wrong is refused by 400."""

from typing import Final

from starlette.requests import Request

from controlplane.api.envelope import Failure

_DIGITS: Final = 15
"Of the longest number: no time in ms has more, and SQLite takes 64 bits."


def account_of(request: Request) -> str:
    """Id of the account that is asked about."""
    query = request.query_params
    account = query.get("accountId") or query.get("account_id")
    if not account:
        raise Failure(400, "bad_parameter", "accountId is missing; add ?accountId= and the id of the account")
    return account


def whole(request: Request, name: str, default: int, least: int = 0) -> int:
    """A whole number; `default` where the parameter is left out."""
    text = request.query_params.get(name)
    if text is None:
        return default
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else -1
    if number < least:
        what = f"a whole number from {least} on, of at most {_DIGITS} digits"
        raise Failure(400, "bad_parameter", f"{name} must be {what}, not {text[:32]!r}")
    return number


def flag(request: Request, name: str) -> bool:
    """Yes or no; no where the parameter is left out or empty."""
    match request.query_params.get(name, "").lower():
        case "1" | "true":
            return True
        case "" | "0" | "false":
            return False
        case other:
            raise Failure(
                400, "bad_parameter", f"{name} must be 1 (or true) or 0 (or false), not {other[:32]!r}"
            )
