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
    Example(
        "PUT",
        "/accounts/{account}/{kind}/{name}",
        201,
        {
            "name": "1003",
            "origin": "api",
            "value": {"number": "1003", "name": "Carol", "devices": [{"username": "carol"}]},
            "generated": [{"username": "carol", "password": "k7m2wq9x4bntr3vh"}],
        },
        body={"name": "Carol", "devices": [{"username": "carol"}]},
        names={"account": "acc_demo", "kind": "users", "name": "1003"},
        token=True,
    ),
    Example(
        "PUT",
        "/accounts/{account}/{kind}/{name}",
        201,
        {"name": "12025550188", "origin": "api", "value": {"target": {"user": "1003"}}},
        body={"target": {"user": "1003"}},
        names={"account": "acc_demo", "kind": "dids", "name": "12025550188"},
        token=True,
    ),
    Example(
        "PUT",
        "/accounts/{account}/{kind}/{name}",
        409,
        {"error": "read_only", "detail": "1001 of users is in the configuration file; change it there …"},
        body={"name": "Alice"},
        names={"account": "acc_demo", "kind": "users", "name": "1001"},
        token=True,
    ),
    Example(
        "GET",
        "/accounts/{account}/{kind}",
        200,
        {"dids": [{"name": "12025550188", "origin": "api", "value": {"target": {"user": "1003"}}}]},
        names={"account": "acc_demo", "kind": "dids"},
        token=True,
        also=({"users": []},),
    ),
    Example(
        "GET",
        "/accounts/{account}/{kind}/{name}",
        200,
        {"name": "1003", "origin": "api", "value": {"number": "1003", "devices": [{"username": "carol"}]}},
        names={"account": "acc_demo", "kind": "users", "name": "1003"},
        token=True,
        also=({"name": "support", "origin": "file", "value": {}},),
    ),
    Example(
        "GET",
        "/configuration",
        200,
        {"accounts": [{"id": "acc_demo", "dids": [{"number": "12025550188", "target": {"user": "1003"}}]}]},
        token=True,
        also=({"accounts": [{"id": "acc_demo"}]},),
    ),
    Example(
        "POST",
        "/configuration",
        200,
        {
            "created": ["acc_demo/extensions/77"],
            "changed": [],
            "removed": [],
            "unchanged": 0,
            "dry_run": True,
        },
        body={
            "accounts": [{"id": "acc_demo", "extensions": [{"number": "77", "target": {"user": "1003"}}]}],
            "dry_run": True,
        },
        token=True,
    ),
    Example(
        "DELETE",
        "/accounts/{account}/{kind}/{name}",
        409,
        {
            "error": "in_use",
            "detail": "12025550188 of dids would not be right any more: no such user …",
        },
        names={"account": "acc_demo", "kind": "users", "name": "1003"},
        token=True,
    ),
    Example(
        "DELETE",
        "/accounts/{account}/{kind}/{name}",
        200,
        {"name": "12025550188", "removed": True},
        names={"account": "acc_demo", "kind": "dids", "name": "12025550188"},
        token=True,
    ),
)
