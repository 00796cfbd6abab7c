"""Operations on what operators make while the daemon runs, for the OpenAPI document."""

from typing import Final

from controlplane.api.key import KeyBody, RotateBody
from controlplane.api.openapi import Operation

ADMINISTRATION: Final = (
    Operation("GET", "/keys", "keys", "API keys, their secrets masked", token=True),
    Operation(
        "POST",
        "/keys",
        "keys",
        "Make an API key; its secret is shown this once",
        (KeyBody,),
        replies=(
            (201, "The key"),
            (404, "No such account"),
            (409, "As many as there may be"),
            (503, "Not kept"),
        ),
        token=True,
    ),
    Operation(
        "DELETE",
        "/keys/{id}",
        "keys",
        "Revoke an API key at once",
        replies=((200, "The key"), (404, "No such key"), (503, "Not kept")),
        token=True,
    ),
    Operation(
        "POST",
        "/keys/{id}/rotate",
        "keys",
        "A new key in place of one, which works for a while beside it",
        (RotateBody,),
        replies=((201, "The new key"), (404, "No such key"), (409, "Not in use"), (503, "Not kept")),
        token=True,
    ),
    Operation("GET", "/audit", "keys", "Who changed what, the latest first", token=True),
)
