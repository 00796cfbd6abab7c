"""API keys: what is shown once, and what is kept of it."""

import hashlib
import re
from dataclasses import replace

from controlplane.auth.key import ApiKey, KeyRing, digest_of, new_token


class Clock:
    now = 1_000_000

    def __call__(self) -> int:
        return self.now


def made(**more: object) -> tuple[KeyRing, ApiKey, str, Clock]:
    clock = Clock()
    id, token = new_token(lambda size: bytes(range(size)))
    key = replace(ApiKey(id, "", "wallboard", digest_of(token), frozenset({"agents.read"}), 5), **more)  # type: ignore[arg-type]
    return KeyRing([key], clock), key, token, clock


def test_a_token_names_its_key_and_only_a_digest_of_it_is_kept() -> None:
    _, key, token, _ = made()
    assert re.fullmatch(r"tdm_[a-z2-7]{16}_[A-Za-z0-9_-]{43}", token) and key.id in token
    assert key.digest == hashlib.sha256(token.encode()).hexdigest() and token not in repr(key)


def test_two_keys_have_nothing_in_common() -> None:
    import secrets

    assert len({new_token(secrets.token_bytes) for _ in range(100)}) == 100


def test_the_ring_knows_a_whole_token_and_nothing_else() -> None:
    ring, key, token, _ = made()
    found = ring.of(token)
    assert found is not None and found.id == key.id
    wrong = token[:-1] + ("A" if token[-1] != "A" else "B")
    for other in (wrong, token + "A", token[:-1], key.id, "", "tdm_", token.upper(), "x" * 100_000, "é"):
        assert ring.of(other) is None


def test_a_key_ends_at_its_time_and_at_once_when_revoked() -> None:
    ring, key, token, clock = made(expires_at=1_000_001)
    assert ring.of(token) is not None
    clock.now += 1
    assert ring.of(token) is None
    ring.put(replace(key, expires_at=None))
    assert ring.of(token) is not None
    ring.put(replace(key, expires_at=None, revoked_at=1))
    assert ring.of(token) is None


def test_the_last_use_is_told_once_a_minute() -> None:
    ring, key, token, clock = made()
    told: list[int | None] = []
    ring.used = lambda used: told.append(used.used_at)
    for step in (0, 59_999, 1, 30_000):
        clock.now += step
        ring.of(token)
    assert told == [1_000_000, 1_060_000]
    kept = ring.get(key.id)
    assert kept is not None and kept.used_at == 1_060_000
