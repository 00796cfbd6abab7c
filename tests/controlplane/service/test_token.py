"""Tokens of users: given, ended, their key rotated, those of another issuer judged; on both databases."""

import asyncio
from pathlib import Path
from unittest.mock import AsyncMock, patch

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from config.security import Tokens
from controlplane.auth.principal import CLI, Principal
from controlplane.auth.seal import FILE
from controlplane.service.token import KEYS
from controlplane.store.error import StoreError
from controlplane.store.store import Store
from edge.error import Refusal
from tests.support.administration import Office, office
from tests.support.database import Database

ISSUER = Tokens(issuer="https://login.example", audience="desk", jwks="https://login.example/keys")
CURVE = ec.generate_private_key(ec.SECP256R1())
OTHER = {"kid": "c1", **jwt.get_algorithm_by_name("ES256").to_jwk(CURVE.public_key(), as_dict=True)}


async def given(site: Office, name: str = "1001", seconds: float | None = 600) -> str:
    made = await site.tokens.give(CLI, "acc_demo", name, seconds)
    assert not isinstance(made, Refusal), made
    return str(made["access_token"])


async def verdict(site: Office, token: str) -> str:
    """Id of the user, or why not."""
    found = await site.tokens.judge(token)
    return found.code if isinstance(found, Refusal) else found.user


def of_other(site: Office, kid: str = "c1", **changes: object) -> str:
    wall = site.now // 1000
    claims = {"iss": ISSUER.issuer, "aud": "desk", "account_id": "acc_demo", "sub": "alice"}
    times = {"iat": wall, "exp": wall + 60}
    return jwt.encode(claims | times | changes, CURVE, "ES256", headers={"kid": kid})


async def test_a_token_is_its_users_and_no_row_has_it(database: Database) -> None:  # S004-03
    async with office(database) as site:
        made = await site.tokens.give(CLI, "acc_demo", "alice")
        assert isinstance(made, dict)
        assert (made["token_type"], made["expires_in"], made["number"]) == ("Bearer", 43_200, "1001")
        token = str(made["access_token"])
        who = await site.tokens.judge(token)
        assert who == Principal(f"user:{made['user_id']}", frozenset(), "acc_demo", str(made["user_id"]))
        for table in ("token_key", "audit", "token_cutoff"):
            assert token.rpartition(".")[2] not in str(database.rows(f"SELECT * FROM {table}"))
    async with office(database) as site:
        assert await verdict(site, token) == made["user_id"], "its key survives a restart"
        (deed,) = await site.keys.audit(5)
        assert (deed["actor"], deed["action"], deed["kind"]) == ("cli", "create", "token")


async def test_who_is_not_there_gets_none(database: Database) -> None:
    async with office(database) as site:
        near = Principal("key:x", account="acc_demo")
        for who, account, name, seconds, code in (
            (CLI, "acc_none", "1001", 60, "no_such_account"),
            (CLI, "acc_demo", "1002", 60, "no_such_user"),
            (CLI, "acc_other", "1001", 60, "no_such_user"),
            (near, "acc_other", "1001", 60, "foreign_account"),
            (CLI, "acc_demo", "1001", 2_592_001, "bad_life"),
            (CLI, "acc_demo", "1001", 0.5, "bad_life"),
        ):
            refusal = await site.tokens.give(who, account, name, seconds)
            assert isinstance(refusal, Refusal) and refusal.code == code
        assert isinstance(await site.tokens.give(near, "acc_demo", "1001"), dict)


async def test_ended_tokens_stay_ended_and_a_new_one_counts_at_once(database: Database) -> None:
    async with office(database) as site:
        old = await given(site)
        assert isinstance(await site.tokens.end(CLI, "acc_demo", "1001"), dict)
        new = await given(site)
        assert await verdict(site, old) == "token_ended"
        assert (await verdict(site, new)).startswith("us_")
    async with office(database) as site:
        assert await verdict(site, old) == "token_ended"
        assert (await verdict(site, new)).startswith("us_")
        refusal = await site.tokens.end(CLI, "acc_demo", "none")
        assert isinstance(refusal, Refusal) and refusal.code == "no_such_user"


async def test_a_new_password_or_another_user_of_the_number_ends_tokens(database: Database) -> None:
    async with office(database) as site:
        assert (await site.put("acc_demo/users/1007"))[0] == 201
        first = await given(site, "1007")
        assert (await verdict(site, first)).startswith("us_")
        await site.put("acc_demo/users/1007", devices=[{"password": "quite-another"}])
        assert await verdict(site, first) == "token_ended"
        second = await given(site, "1007")
        assert await site.delete("acc_demo/users/1007") == (200, "")
        assert await verdict(site, second) == "token_ended"
        await site.put("acc_demo/users/1007")
        assert await verdict(site, second) == "token_ended", "he is another one now"


async def test_a_rotated_key_signs_no_more_and_is_good_for_its_grace(database: Database) -> None:
    async with office(database) as site:
        old = await given(site)
        made = await site.tokens.rotate(CLI, 60)
        assert isinstance(made, dict) and made["older_keys"] == 1
        new = await given(site)
        assert jwt.get_unverified_header(new)["kid"] == made["id"] != jwt.get_unverified_header(old)["kid"]
        assert (await verdict(site, old)).startswith("us_")
        site.now += 60_000
        assert await verdict(site, old) == "bad_token" and (await verdict(site, new)).startswith("us_")
        await site.tokens.rotate(CLI, 0)
        assert await verdict(site, new) == "bad_token"
    async with office(database) as site:
        assert await verdict(site, new) == "bad_token", "also after a restart"
        for _ in range(KEYS):
            made = await site.tokens.rotate(CLI)
        assert isinstance(made, Refusal) and made.code == "too_many_keys"
        assert isinstance(await site.tokens.rotate(CLI, 0), dict)


async def test_what_is_not_on_disk_has_not_happened(database: Database) -> None:
    async with office(database) as site:
        token = await given(site)
        with patch.object(Store, "commit", AsyncMock(return_value=False)):
            for work in (site.tokens.give(CLI, "acc_demo", "1001"), site.tokens.rotate(CLI, 0)):
                refusal = await work
                assert isinstance(refusal, Refusal) and (refusal.status, refusal.code) == (503, "not_kept")
            assert (await verdict(site, token)).startswith("us_")
            refusal = await site.tokens.end(CLI, "acc_demo", "1001")
            assert isinstance(refusal, Refusal) and refusal.code == "not_kept"
        assert await verdict(site, token) == "token_ended", "who asks for an end has one, as long as we run"


async def test_a_lost_secret_key_is_told_at_the_start(database: Database) -> None:
    async with office(database) as site:
        await given(site)
        folder: Path = site.store.folder.path
    (folder / FILE).write_bytes(b"x" * 32)
    with pytest.raises(StoreError, match="is not the key that the database was sealed with"):
        async with office(database):
            raise AssertionError("it does not start")


async def test_tokens_of_another_issuer_need_its_keys(database: Database) -> None:  # S004-03
    async with office(database, issuer=ISSUER) as site:
        site.jwks = "no answer within 5 s"
        assert await verdict(site, of_other(site)) == "bad_token"
        site.jwks = [OTHER]
        assert await verdict(site, of_other(site)) == "bad_token", "not asked again so soon"
        site.now += 31_000
        verdicts = await asyncio.gather(*(verdict(site, of_other(site)) for _ in range(20)))
        assert len(site.fetched) == 2 and {one[:3] for one in verdicts} == {"us_"}
        assert [fetch.url for fetch in site.fetched] == [ISSUER.jwks] * 2
        for kid in ("i1", "i2", "i3"):
            assert await verdict(site, of_other(site, kid)) == "bad_token"
        assert len(site.fetched) == 2, "invented names send nobody to the issuer"
        assert await verdict(site, of_other(site, sub="nobody")) == "token_ended"
        assert await verdict(site, of_other(site, account_id="acc_other")) == "token_ended"
        assert await verdict(site, of_other(site, iss="tandem")) == "bad_token"
        assert (await verdict(site, await given(site))).startswith("us_"), "ours count beside them"
        token = of_other(site)
        await site.tokens.end(CLI, "acc_demo", "1001")
        assert await verdict(site, token) == "token_ended"


async def test_without_an_issuer_nobody_is_asked(database: Database) -> None:
    async with office(database) as site:
        assert await verdict(site, of_other(site)) == "bad_token" and site.fetched == []
