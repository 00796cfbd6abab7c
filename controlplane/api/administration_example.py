"""Requests on what operators make, with their answers; sent in this order after those of `example`."""

from typing import Final

from controlplane.api.example import Example, Json

_KEY: Final[Json] = {
    "id": "4hq7t2mzx5k3v6ab",
    "name": "wallboard",
    "account": "",
    "scopes": ["agents.read"],
    "masked": "tdm_4hq7t2mzx5k3v6ab_…",
    "status": "active",
    "created_at": 1764316800000,
    "expires_at": 1772092800000,
    "used_at": None,
    "revoked_at": None,
    "successor": None,
}

ADMINISTRATION_EXAMPLES: Final = (
    Example(
        "POST",
        "/keys",
        201,
        _KEY | {"key": "tdm_4hq7t2mzx5k3v6ab_0K3rHn5v9cQyB7dJ2mXwTzL8fPaSgUe4iR6oVhNkYb1"},
        body={"name": "wallboard", "scopes": ["agents.read"], "expires": "90d"},
        token=True,
    ),
    Example("GET", "/keys", 200, {"keys": [_KEY]}, token=True),
    Example(
        "POST",
        "/keys/{id}/rotate",
        404,
        {"error": "no_such_key", "detail": "there is no key 4hq7t2mzx5k3v6ab; list them"},
        body={"grace": "24h"},
        names={"id": "4hq7t2mzx5k3v6ab"},
        token=True,
    ),
    Example(
        "DELETE",
        "/keys/{id}",
        404,
        {"error": "no_such_key", "detail": "there is no key 4hq7t2mzx5k3v6ab; list them"},
        names={"id": "4hq7t2mzx5k3v6ab"},
        token=True,
    ),
    Example(
        "GET",
        "/audit",
        200,
        {
            "audit": [
                {
                    "at": 1764316800000,
                    "actor": "token",
                    "action": "create",
                    "kind": "key",
                    "name": "4hq7t2mzx5k3v6ab",
                    "account": "",
                }
            ]
        },
        token=True,
    ),
)
