"""The client of digest in a call: several realms, old nonces, wrong passwords (RFC 3261 §22.2, §22.3)."""

from edge.sip.address import Address
from edge.sip.build import request, response_to
from edge.sip.digest import Credentials
from edge.sip.keyring import REALMS, Keyring, proofs
from edge.sip.message import Request, Response
from edge.sip.uri import Uri

A = Address.parse("<sip:a@example.com>")


def asked(method: str = "INVITE") -> Request:
    return request(method, Uri.parse("sip:b@example.com"), from_=A, to=A, call_id="c", cseq=1)


def challenge(*realms: str, nonce: str = "n", status: int = 401, more: str = "") -> Response:
    response = response_to(asked(), status)
    name = "WWW-Authenticate" if status == 401 else "Proxy-Authenticate"
    for realm in realms:
        response.headers.add(name, f'Digest realm="{realm}", nonce="{nonce}", qop="auth"{more}')
    return response


def ring() -> Keyring:
    return Keyring("us", "secret", bytes)


def proved(ring: Keyring, method: str = "INVITE") -> tuple[Request, list[Credentials]]:
    made = asked(method)
    ring.prove(made)
    return made, [Credentials.parse(value) for _, value in proofs(made)]


def test_nothing_is_proven_before_anybody_asks() -> None:
    assert proved(ring())[1] == []


def test_what_was_asked_once_is_proven_in_each_later_request_with_a_growing_count() -> None:
    keys = ring()
    assert keys.learn(asked(), challenge("carrier"))
    counts = [[(p.realm, p.nonce, p.nc) for p in proved(keys, m)[1]] for m in ("INVITE", "BYE")]
    assert counts == [[("carrier", "n", "00000001")], [("carrier", "n", "00000002")]]


def test_a_proxy_and_the_callee_get_a_proof_each() -> None:
    keys = ring()
    assert keys.learn(asked(), challenge("proxy", status=407))
    first, _ = proved(keys)
    assert keys.learn(first, challenge("callee"))
    second, given = proved(keys)
    assert [p.realm for p in given] == ["callee", "proxy"] and len(second.headers.all("Authorization")) == 1


def test_several_realms_in_one_response_are_all_answered() -> None:
    keys = ring()
    assert keys.learn(asked(), challenge("one", "two"))
    assert [p.realm for p in proved(keys)[1]] == ["one", "two"]


def test_a_first_proof_that_is_turned_down_is_not_made_again() -> None:
    keys = ring()
    assert keys.learn(asked(), challenge("carrier", nonce="1"))
    first, _ = proved(keys)
    assert not keys.learn(first, challenge("carrier", nonce="2"))
    assert not keys.learn(first, challenge("carrier", nonce="1"))


def test_a_nonce_that_is_too_old_is_replaced_whether_they_say_stale_or_not() -> None:
    for more, used in ((", stale=true", 1), ("", 2)):
        keys = ring()
        assert keys.learn(asked(), challenge("carrier", nonce="1"))
        for _ in range(used):
            last, _ = proved(keys, "UPDATE")
        assert keys.learn(last, challenge("carrier", nonce="2", more=more))
        assert [(p.nonce, p.nc) for p in proved(keys, "UPDATE")[1]] == [("2", "00000001")]


def test_of_two_requests_that_cross_neither_takes_the_new_nonce_of_the_other_for_its_own() -> None:
    keys = ring()
    assert keys.learn(asked(), challenge("carrier", nonce="1"))
    proved(keys)
    (notify, _), (bye, _) = proved(keys, "NOTIFY"), proved(keys, "BYE")
    assert keys.learn(notify, challenge("carrier", nonce="2"))
    proved(keys, "NOTIFY")
    assert keys.learn(bye, challenge("carrier", nonce="3"))


def test_where_the_realm_of_the_carrier_is_known_nobody_else_gets_a_proof_to_guess_at() -> None:
    """§22.3: the proxy in between asks for its own."""
    keys = Keyring("us", "secret", bytes, "carrier")
    assert not keys.learn(asked(), challenge("evil", status=407)) and proved(keys)[1] == []
    assert not keys.learn(asked(), challenge("CARRIER", "carrier.evil", "")), "compared as it is written"
    assert keys.learn(asked(), challenge("evil", "carrier"))
    assert [p.realm for p in proved(keys)[1]] == ["carrier"]


def test_who_asks_for_what_we_cannot_give_gets_nothing() -> None:
    keys = ring()
    for value in ("NTLM x", 'Digest realm="r", nonce="n", algorithm=SHA-512-256', 'Digest realm="r"'):
        response = response_to(asked(), 401, headers=(("WWW-Authenticate", value),))
        assert not keys.learn(asked(), response)
    assert not keys.learn(asked(), response_to(asked(), 403))


def test_it_remembers_so_many_challengers_and_shows_no_password() -> None:
    keys = ring()
    for n in range(REALMS + 3):
        assert keys.learn(asked(), challenge(f"realm{n}"))
    assert [p.realm for p in proved(keys)[1]] == [f"realm{n}" for n in range(3, REALMS + 3)]
    assert "secret" not in repr(keys)
