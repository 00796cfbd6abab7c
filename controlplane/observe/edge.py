"""What `/metrics` shows of calls, signalling and audio."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from controlplane.node import Node
from controlplane.observe.metrics import Metrics, Read, ReadLabelled
from edge.acd.acd import Acd
from edge.acd.tally import Tally
from edge.acd.terms import name_of_ai
from edge.cac.admission import CODES, Admissions
from edge.directory import Account, AccountId
from edge.outside.calls import OutsideCalls
from media.worker.message import WorkerGauges
from media.worker.supervisor import Workers, WorkerState

TICK_TIMES: Final = ("late_p50", "late_p99", "late_max", "work_p50", "work_p99", "work_max")

_VOICES: Final = {
    "vetoed": "Noises that would have interrupted an agent, had Silero's network taken them for a voice.",
    "late": "Voices that interrupted an agent without Silero's word, which came too late.",
    "dropped": "Windows of 32 ms that Silero was not asked about, since it was behind.",
}
_EMPTY: Final = Tally()


def watch_node(metrics: Metrics, node: Node) -> None:
    switch, engine, listeners = node.switch, node.engine, node.listeners
    metrics.gauge("calls", "Live calls.", lambda: len(switch.calls))
    metrics.gauge("admitted", "Calls that hold channels.", lambda: len(switch.admissions))
    metrics.gauge("dialogs", "Sessions of which something is left.", lambda: switch.sessions)
    metrics.gauge("transactions", "Transactions, finished ones included.", lambda: len(switch.layer))
    metrics.gauge("timers", "Deadlines of sessions and calls.", lambda: len(switch.agenda))
    metrics.gauge("bindings", "Registered contacts.", lambda: len(switch.registrar))
    metrics.gauge("sip_connections", "Open SIP stream connections.", lambda: listeners.connections)
    metrics.total("sip_dropped", "Datagrams that the kernel had no room to send.", lambda: listeners.dropped)
    metrics.total("sip_refused", "Stream connections refused by a limit.", lambda: listeners.refused)
    text = "Calls a second that this process could carry, as measured."
    metrics.gauge("capacity_calls", text, lambda: node.capacity.measured)
    metrics.gauge("calls_per_second_limit", "Calls a second taken on.", lambda: node.capacity.rate)
    metrics.gauge("audio_share", "Of a core that live audio takes.", lambda: node.capacity.audio)
    metrics.gauge("full", "1 while no new call is taken on.", lambda: float(node.capacity.full))
    metrics.total("overload_refused", "Requests answered 503 unread.", lambda: switch.turnstile.refused)
    text = "Registrations that wait for room, until fewer calls come or phones ask."
    metrics.gauge("registrations_waiting", text, lambda: len(switch.turnstile.waiting))
    metrics.gauge("supervisors", "Supervisors of live calls.", lambda: len(switch.supervisions))
    rooms = switch.conferences
    metrics.gauge("conferences", "Conferences somebody is in.", lambda: len(rooms))
    metrics.gauge("conference_members", "Members of all conferences.", lambda: rooms.members)
    metrics.total("conference_joins", "Members let in.", lambda: rooms.joined)
    metrics.total("conference_refusals", "Members refused: locked, full or too many.", lambda: rooms.refused)
    if (hep := node.hep) is not None:
        metrics.total("hep_sent", "SIP messages mirrored.", lambda: hep.sent)
        metrics.total("hep_dropped", "SIP messages that were not mirrored.", lambda: hep.dropped)
    metrics.gauge("legs", "Legs of the audio engine.", lambda: engine.gauges().legs)
    metrics.gauge("legs_connected", "Legs with audio.", lambda: engine.gauges().connected)
    free = engine.gauges().free_ports
    metrics.gauge("rtp_ports", "RTP ports taken.", lambda: free - engine.gauges().free_ports)
    metrics.total(
        "rtp_send_errors", "RTP packets that could not be sent.", lambda: engine.gauges().send_errors
    )
    for name, text in _VOICES.items():
        metrics.total(f"agent_voice_{name}", text, _voice(node, name))
    metrics.total("ticks", "Audio ticks.", lambda: engine.gauges().ticks.ticks)
    metrics.total("tick_stalls", "Times the audio stood still.", lambda: engine.gauges().ticks.stalls)
    for name in TICK_TIMES:
        text = "Lateness or work of the last 20 s of ticks."
        metrics.gauge(f"tick_{name}_seconds", text, _tick(node, name))
    if node.workers is not None:
        watch_workers(metrics, node.workers)


def watch_workers(metrics: Metrics, workers: Workers) -> None:
    """One row for each audio worker, named by its number."""

    def gauge(name: str, text: str, read: Callable[[WorkerState], float]) -> None:
        def rows() -> Iterator[tuple[tuple[str], float]]:
            for index, state in enumerate(workers.states()):
                yield (str(index),), read(state)

        metrics.labelled(f"worker_{name}", text, ("worker",), rows)

    def measured(name: str, text: str, read: Callable[[WorkerGauges], float]) -> None:
        gauge(name, text, lambda state: 0.0 if state.gauges is None else read(state.gauges))

    gauge("up", "Whether the audio worker takes calls.", lambda state: state.up)
    gauge("starts", "Times it was started.", lambda state: state.starts)
    gauge("load", "What it carries, in plain legs.", lambda state: state.load)
    measured("legs", "Legs of the audio worker.", lambda found: found.engine.legs)
    measured("cpu_seconds", "User and system time.", lambda found: found.cpu_seconds)
    measured("memory_bytes", "Resident at most.", lambda found: found.memory)
    measured("gc_pause_seconds", "Longest in the last second.", lambda found: found.pause_max / 1000)
    measured("events_dropped", "Events that found no room.", lambda found: found.dropped)
    for name in TICK_TIMES:
        text = "Lateness or work of the last 20 s of its ticks."
        measured(f"tick_{name}_seconds", text, _worker_tick(name))


def watch_admission(metrics: Metrics, outside: OutsideCalls, admissions: Admissions) -> None:
    metrics.gauge("outside_calls", "Calls of outside edges that hold channels.", lambda: len(outside))
    text = "Calls that held channels without being live; a fault of ours."
    metrics.total("admission_repaired", text, lambda: admissions.repaired)
    for code in CODES:
        metrics.total(f"{code}_refused", "Calls that admission refused.", _refused(admissions, code))


def watch_queues(metrics: Metrics, acd: Acd, accounts: Callable[[], Sequence[Account]]) -> None:
    def of_queues(read: Callable[[Acd, AccountId, str], float]) -> ReadLabelled:
        def rows() -> Iterator[tuple[tuple[str, ...], float]]:
            for account in accounts():
                for queue in acd.world.directory.queues(account.id):
                    yield (account.id, queue.name), read(acd, account.id, queue.name)

        return rows

    def tally(field: str) -> ReadLabelled:
        return of_queues(
            lambda acd, account, queue: getattr(acd.ledger.tallies.get((account, queue), _EMPTY), field)
        )

    labels = ("account", "queue")
    metrics.labelled("queue_waiting", "Callers who wait.", labels, of_queues(_waiting))
    for name, text in (
        ("joined", "Callers who came."),
        ("answered", "Callers whom an agent took."),
        ("in_time", "Of them within the service level."),
        ("abandoned", "Callers who hung up."),
        ("timeout", "Callers who waited too long."),
        ("no_agents", "Callers who left because nobody was signed in."),
        ("missed", "Offers that agents missed."),
        ("promised", "Callbacks that were promised."),
        ("called_back", "Of them those that reached somebody."),
        ("unreached", "Callbacks that were tried in vain, or not allowed."),
        ("expired", "Callbacks whose time ran out."),
        ("withdrawn", "Callbacks that somebody withdrew."),
    ):
        metrics.labelled(f"queue_{name}", f"{text} Since the start.", labels, tally(name))
    agents = ("account", "status", "state")
    metrics.labelled("queue_agents", "People who serve queues.", agents, lambda: _agents(acd))


def _waiting(acd: Acd, account: AccountId, queue: str) -> float:
    return sum(ticket.queue == queue and ticket.taken is None for ticket in acd.tickets(account))


def _agents(acd: Acd) -> Iterator[tuple[tuple[str, ...], float]]:
    counts = Counter(
        (agent.account, acd.roster.status(agent).value, agent.state.value)
        for agent in acd.roster
        if not name_of_ai(agent.id)
    )
    yield from counts.items()


def _refused(admissions: Admissions, code: str) -> Read:
    return lambda: admissions.refused[code]


def _tick(node: Node, name: str) -> Read:
    return lambda: float(getattr(node.engine.gauges().ticks, name)) / 1000


def _voice(node: Node, name: str) -> Read:
    return lambda: float(getattr(node.engine.gauges().voices, name))


def _worker_tick(name: str) -> Callable[[WorkerGauges], float]:
    return lambda found: float(getattr(found.engine.ticks, name)) / 1000
