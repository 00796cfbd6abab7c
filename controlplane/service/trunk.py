"""A trunk of the configuration as the edge knows it."""

import re
from collections.abc import Iterable

from config.identity import stable_id
from config.trunk import Trunk as TrunkSection
from edge.directory import (
    AccountId,
    AudioTerms,
    CallerPolicy,
    Enrolment,
    NumberFormat,
    Probing,
    Rewriting,
    Trunk,
    TrunkHeaders,
    TrunkId,
)
from edge.sip.headers import canonical


def trunk_of(account: AccountId, part: TrunkSection) -> Trunk:
    return Trunk(
        TrunkId(stable_id(account, "trunk", part.name)),
        account,
        part.name,
        part.proxy,
        (part.register_.username if part.register_ else part.auth.username) or "",
        (part.register_.password if part.register_ else part.auth.password) or "",
        part.max_channels,
        part.default,
        audio=AudioTerms(
            part.codecs, part.srtp, part.codec_order == "ours", part.ptime, part.dtmf, part.inband
        ),
        numbers=NumberFormat(
            part.number_format.value,
            tuple(Rewriting(re.compile(rule.match), rule.to) for rule in part.rewrite),
        ),
        caller_id=CallerPolicy(
            part.caller_id.number or "",
            part.caller_id.from_ == "username",
            part.caller_id.assert_,
            part.caller_id.privacy,
        ),
        headers=TrunkHeaders(
            _canonical(part.headers.accept),
            _canonical(part.headers.send),
            tuple((canonical(name), value) for name, value in part.headers.add.items()),
        ),
        calls_per_second=part.calls_per_second,
        probing=Probing(part.health.interval, part.health.down_after, part.health.up_after)
        if part.health
        else None,
        enrolment=Enrolment(
            register.registrar or part.proxy,
            round(register.expires),
            (register.retry, register.retry_max),
        )
        if (register := part.register_)
        else None,
        trusted=part.trusted,
        realm=part.realm or "",
    )


def _canonical(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(canonical(name) for name in names)
