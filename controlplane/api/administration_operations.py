"""Operations on what operators make while the daemon runs, for the OpenAPI document."""

from typing import Final

from controlplane.api.key import KeyBody, RotateBody
from controlplane.api.objects import ImportBody, ObjectBody
from controlplane.api.openapi import Operation
from controlplane.api.token import GraceBody, TokenBody

ADMINISTRATION: Final = (
    Operation("GET", "/keys", "keys", "List API keys, without their secrets", token=True),
    Operation(
        "POST",
        "/keys",
        "keys",
        "Create an API key; its secret is shown only this once",
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
        "Replace a key; the old one keeps working for a while",
        (RotateBody,),
        replies=((201, "The new key"), (404, "No such key"), (409, "Not in use"), (503, "Not kept")),
        token=True,
    ),
    Operation("GET", "/audit", "keys", "Audit trail: who changed what, latest first", token=True),
    Operation(
        "POST",
        "/accounts/{account}/users/{user}/token",
        "tokens",
        "Create a token (JWT) for a user's own programs (/agent, /presence/users); shown only this once",
        (TokenBody,),
        replies=((201, "The token"), (404, "No such account or user"), (503, "Not kept")),
        token=True,
    ),
    Operation(
        "DELETE",
        "/accounts/{account}/users/{user}/token",
        "tokens",
        "Invalidate all tokens of a user at once",
        replies=((200, "Ended"), (404, "No such account or user"), (503, "Not kept")),
        token=True,
    ),
    Operation(
        "POST",
        "/token-key/rotate",
        "tokens",
        "Sign tokens with a new key; older tokens stay valid for `grace`",
        (GraceBody,),
        replies=((201, "The new key's id"), (409, "Too many keys that hold"), (503, "Not kept")),
        token=True,
    ),
    Operation(
        "GET",
        "/accounts/{account}/{kind}",
        "configuration",
        "List objects of a kind (users, dids, trunks, agents …): those of the file and those created here",
        replies=((200, "Each with its origin, file or api"), (404, "No such account or kind")),
        token=True,
    ),
    Operation(
        "GET",
        "/accounts/{account}/{kind}/{name}",
        "configuration",
        "Show an object, without its secrets",
        replies=((200, "The object"), (404, "No such account, kind or object")),
        token=True,
    ),
    Operation(
        "PUT",
        "/accounts/{account}/{kind}/{name}",
        "configuration",
        "Create or replace an object; in use from the next call on",
        (ObjectBody,),
        query=(("new", "1: refuse when it is there"),),
        replies=(
            (200, "Replaced"),
            (201, "New; with the passwords that were generated, this once"),
            (404, "No such account or kind"),
            (409, "The file has it, something else is in its way, or something leads to it"),
            (503, "Not kept"),
        ),
        token=True,
    ),
    Operation(
        "DELETE",
        "/accounts/{account}/{kind}/{name}",
        "configuration",
        "Remove an object; a user is unregistered",
        replies=(
            (200, "Removed"),
            (404, "No such account, kind or object"),
            (409, "The file has it, or something leads to it"),
            (503, "Not kept"),
        ),
        token=True,
    ),
    Operation(
        "GET",
        "/configuration",
        "configuration",
        "Export what was created here, in the form of the configuration file",
        query=(("secrets", "1: with passwords, keys and headers"),),
        token=True,
    ),
    Operation(
        "POST",
        "/configuration",
        "configuration",
        "Import an export: all of it, or nothing",
        (ImportBody,),
        replies=(
            (200, "What became new, what changed, what was removed"),
            (404, "No such account or kind"),
            (409, "The file has it, something is in its way, or something leads to it"),
            (503, "Not kept"),
        ),
        token=True,
    ),
)
