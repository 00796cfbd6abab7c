"""Queues of the configuration as the edge reads them."""

from config.account import Account
from config.identity import stable_id
from config.queue import Callback, Queue
from edge.acd.terms import AgentId, Announcements, CallbackTerms, Member, QueueTerms, Strategy, ai_agent


def queue_terms(account: Account) -> tuple[QueueTerms, ...]:
    return tuple(_queue(account, name, part) for name, part in account.queues.items())


def _queue(account: Account, name: str, part: Queue) -> QueueTerms:
    members = (
        Member(
            ai_agent(one.agent) if one.agent else AgentId(stable_id(account.id, "user", one.user or "")),
            one.level,
            one.calls,
        )
        for one in part.members
    )
    music = account.hold_music if part.music == "account" else part.music
    announce, overflow = part.announce, part.overflow
    return QueueTerms(
        name,
        stable_id(account.id, "queue", name),
        Strategy(part.strategy),
        part.agent_ring_timeout,
        part.wrap_up,
        part.max_wait,
        part.max_queued,
        part.max_no_answer,
        part.no_answer_pause,
        part.retry_delay,
        part.when_empty == "leave",
        part.auto_ready,
        tuple(members),
        part.skills,
        overflow.queue if overflow is not None else "",
        overflow.after if overflow is not None else 0.0,
        part.service_level,
        part.expected_call,
        "" if music == "silence" else str(music),
        part.greeting,
        Announcements(announce.position, announce.wait, announce.first, announce.interval),
        part.whisper,
        part.confirm,
        part.confirm_timeout,
        _callback(part.callback),
    )


def _callback(part: Callback) -> CallbackTerms:
    return CallbackTerms(
        part.schedule or "",
        part.expires,
        part.attempts,
        part.retry,
        part.ring_timeout,
        part.max_waiting,
        part.per_number,
        tuple(prefix.removeprefix("+") for prefix in part.prefixes),
        part.caller_id,
        part.whisper,
    )
