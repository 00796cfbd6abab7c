"""The list of checks, in the order in which an operator wants them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Final

from config.schema import Settings, SipListener, SipTransport
from controlplane.doctor import agent, bucket, machine, network, storage, tls, worker
from controlplane.doctor.finding import Finding, fail

AT_ONCE: Final = 16
"Agents asked at the same time."

_SECURE: Final = (SipTransport.TLS, SipTransport.WSS)

Check = Callable[[], Finding]


def checks(settings: Settings, *, running: bool, metrics: str | None = None) -> list[Check]:
    """Args: running: a daemon of this data folder answers; metrics: what it says at /metrics."""
    listen = settings.listen
    data = settings.node.data
    return [
        machine.python,
        machine.event_loop,
        *(partial(network.sip_port, listener, running=running) for listener in listen.sip),
        partial(network.http_port, listen.http, running=running),
        partial(network.rtp_ports, listen.rtp),
        lambda: network.public_address(settings.node.public_address, network.facing_address()),
        partial(machine.open_files, settings.limits.media.legs),
        lambda: machine.clock(datetime.now(UTC).timestamp(), machine.clock_state()),
        partial(storage.data_folder, data),
        partial(storage.database, data, settings.store),
        partial(storage.secret_key, data),
        partial(storage.integrity, data, settings.store),
        *(partial(bucket.bucket, one) for one in (settings.media.store,) if one is not None),
        lambda: tls.certificate(listen.tls, datetime.now(UTC)),
        *(partial(_tls, settings, one, running) for one in listen.sip if one.transport in _SECURE),
        machine.speech,
        machine.tick_lateness,
        partial(worker.workers, settings.media.workers, metrics),
    ]


def examine(settings: Settings, *, running: bool, metrics: str | None = None) -> list[Finding]:
    """Every finding; takes about two seconds."""
    found = [_safely(check) for check in checks(settings, running=running, metrics=metrics)]
    agents = [
        partial(agent.agent, account.id, name, section)
        for account in settings.accounts
        for name, section in account.agents.items()
    ]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found += pool.map(_safely, agents)
    return found


def _tls(settings: Settings, listener: SipListener, running: bool) -> Finding:
    files = settings.listen.tls
    if files is None:
        fix = "set listen.tls, or take the listener away"
        return fail(f"TLS at {listener.transport} {listener.address}:{listener.port}", "no certificate", fix)
    domains = [account.domain for account in settings.accounts]
    names = tls.dialled(domains, settings.node.public_address)
    return tls.listener(listener, files, names, datetime.now(UTC), running=running)


def _safely(check: Check) -> Finding:
    """A check that breaks is a finding, and the rest is still done."""
    try:
        return check()
    except Exception as error:
        return fail("check", f"a check itself failed: {error!r}", "report this")
