"""rtjson: what `/route` tells an outside edge to do (S004-19…24).

What we alone can answer (an agent, the echo, a queue …) that edge proxies to our own SIP door,
which admits it when it comes.
"""

from collections.abc import Sequence

from config.identity import stable_id
from edge.directory import Target, Trunk
from edge.error import Refusal
from edge.routing.forward import Diversion
from edge.routing.route import Route, digits_of
from edge.sip.grammar import Malformed
from edge.sip.uri import Uri

Json = dict[str, object]


def flow(route: Route, call_id: str, caller: str, dialled: str) -> Json:
    """`vars` are digits without +."""
    name = route.target.value
    return {
        "action": "flow",
        "account_id": route.account.id,
        "flow_id": stable_id(route.account.id, "flow", name),
        "flow": name,
        "vars": {
            "caller_cid": digits_of(caller) or caller,
            "called_number": digits_of(dialled) or dialled,
            "direction": route.direction,
            "call_id": call_id,
        },
    }


def proxy(route: Route, contacts: list[str], caller: str, name: str, ring_timeout: float) -> Json:
    callee = route.callee
    assert callee is not None, "a route to devices names its user"
    forwards = {
        why: number
        for why, number in (("busy", callee.forward.busy), ("no_answer", callee.forward.no_answer))
        if number
    }
    made: Json = {
        "action": "proxy",
        "account_id": route.account.id,
        "aor": f"sip:{callee.number}@{route.account.domain}",
        "user_id": callee.id,
        "contacts": contacts,
        "ring_timeout": round(ring_timeout),
        "caller_id": {"number": caller, "name": name},
    }
    # To be asked for by a `/route` of its own, with this user as the caller.
    return made | {"forward": forwards} if forwards else made


def to_us(route: Route, dialled: str, here: str) -> Json:
    """Args: here: our `host:port` as the outside edge sees it."""
    return {
        "action": "proxy",
        "account_id": route.account.id,
        "aor": f"sip:{dialled}@{route.account.domain}",
        "contacts": [f"sip:{dialled}@{here}"],
        "target": {route.target.kind: route.target.value or True},
    }


def outbound(route: Route, trunk: Trunk, caller: str, name: str) -> Json:
    uri = _uri(route.number_out, trunk)
    return {
        "action": "outbound",
        "account_id": route.account.id,
        "trunk_id": trunk.id,
        "trunk": trunk.name,
        "uri": uri,
        "caller_id": {"number": caller, "name": name},
        "max_channels": trunk.max_channels,
        "routes": [
            {"trunk_id": one.id, "uri": _uri(route.number_out, one), "dst_uri": one.proxy}
            for one in (trunk, *route.more_trunks)
        ],
    }


def reject(refusal: Refusal) -> Json:
    made: Json = {
        "action": "reject",
        "code": refusal.status,
        "reason": refusal.code,
        "detail": refusal.text,
    }
    if refusal.retry_after is not None:
        made["retry_after"] = refusal.retry_after
    return made


def is_ours(target: Target) -> bool:
    """Whether only we can answer it."""
    return target.kind not in ("flow", "user", "forward", "trunk", "hangup")


def diverted(diversions: Sequence[Diversion]) -> Json:
    """Who has sent the call on, and why (RFC 5806), the first one first; nothing when nobody has."""
    if not diversions:
        return {}
    return {
        "diversion": [
            {"uri": f"sip:{hop.number}@{hop.domain}", "reason": hop.why.value} for hop in diversions
        ]
    }


def _uri(number: str, trunk: Trunk) -> str:
    if number.lower().startswith(("sip:", "sips:")):
        return number
    try:
        proxy = Uri.parse(trunk.proxy)
    except Malformed:  # the configuration checks but the beginning
        return trunk.proxy
    return str(Uri(proxy.scheme, number, proxy.host, proxy.port, proxy.params))
