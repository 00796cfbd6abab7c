"""Digest authentication (RFC 2617, RFC 7616, RFC 8760)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sip.digest import (
    Algorithm,
    Challenge,
    Credentials,
    Verdict,
    answer,
    choose,
    credentials_for,
    ha1,
    response,
    verify,
)
from edge.sip.grammar import Malformed
from edge.sip.nonce import Nonces

HA1S = {a.key: ha1("alice", "demo.local", "secret", a) for a in Algorithm}


def nonces() -> Nonces:
    return Nonces(b"k" * 32, 300.0, 100)


def answered(
    table: Nonces, *, password: str = "secret", algorithm: str = "MD5", nc: int = 1, now: float = 0.0
) -> Credentials:
    challenge = Challenge("demo.local", table.issue(now), algorithm)
    return Credentials.parse(answer(challenge, "REGISTER", "sip:demo.local", "alice", password, "cafe", nc))


def test_the_example_of_rfc_2617() -> None:
    """F-N10: RFC 2617 §3.5."""
    stored = ha1("Mufasa", "testrealm@host.com", "Circle Of Life")
    assert stored == "939e7578ed9e3c518a452acee763bce9"
    nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093"
    assert (
        response(stored, "GET", "/dir/index.html", nonce, "00000001", "0a4f113b", "auth", Algorithm.MD5)
        == "6629fae49393a05397450978507c4ef1"
    )


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        (Algorithm.MD5, "8ca523f5e9506fed4657c9700eebdbec"),
        (Algorithm.SHA256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_rfc_7616(algorithm: Algorithm, expected: str) -> None:
    """RFC 7616 §3.9.1."""
    stored = ha1("Mufasa", "http-auth@example.org", "Circle of Life", algorithm)
    nonce, cnonce = (
        "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    )
    assert (
        response(stored, "GET", "/dir/index.html", nonce, "00000001", cnonce, "auth", algorithm) == expected
    )


def test_a_challenge_without_qop_is_answered_the_old_way() -> None:
    """RFC 2069 §2.4 as corrected by its erratum."""
    stored = ha1("Mufasa", "testrealm@host.com", "CircleOfLife")
    nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093"
    assert (
        response(stored, "GET", "/dir/index.html", nonce, "", "", "", Algorithm.MD5)
        == "1949323746fe6a43ef61f9606e7febea"
    )
    challenge = choose([f'Digest realm="testrealm@host.com", nonce="{nonce}", opaque="5ccc"'])
    assert challenge is not None and challenge.qop == ()
    text = answer(challenge, "GET", "/dir/index.html", "Mufasa", "CircleOfLife", "unused", 1)
    assert 'response="1949323746fe6a43ef61f9606e7febea"' in text and 'opaque="5ccc"' in text
    assert "qop" not in text and "cnonce" not in text and "nc=" not in text


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_our_answer_to_our_challenge_is_right_once(algorithm: str) -> None:
    table = nonces()
    credentials = answered(table, algorithm=algorithm)
    assert verify(credentials, "REGISTER", HA1S, 1.0, nonces=table) is Verdict.OK
    assert verify(credentials, "REGISTER", HA1S, 1.1, nonces=table) is Verdict.REPLAY


@pytest.mark.parametrize(
    ("what", "method", "ha1s"),
    [
        ("wrong password", "REGISTER", {"md5": ha1("alice", "demo.local", "other")}),
        ("unknown user", "REGISTER", None),
        ("algorithm not on offer", "REGISTER", {"sha-256": HA1S["sha-256"]}),
        ("another method", "INVITE", HA1S),
    ],
)
def test_what_is_not_right_is_bad(what: str, method: str, ha1s: dict[str, str] | None) -> None:
    table = nonces()
    assert verify(answered(table), method, ha1s, 1.0, nonces=table) is Verdict.BAD, what
    assert len(table) == 0  # guesses are not remembered


def test_the_hash_of_nobody_opens_nothing() -> None:
    """The dummy that makes an unknown user cost the same time is no password."""
    table = nonces()
    nonce = table.issue(0.0)
    proof = response("0" * 32, "REGISTER", "sip:h", nonce, "00000001", "c", "auth", Algorithm.MD5)
    credentials = Credentials("nobody", "demo.local", nonce, "sip:h", proof, "MD5", "auth", "c", "00000001")
    assert verify(credentials, "REGISTER", None, 1.0, nonces=table) is Verdict.BAD
    assert verify(credentials, "REGISTER", {}, 1.0, nonces=table) is Verdict.BAD


def test_stale_is_said_only_to_who_knows_the_password() -> None:
    """RFC 7616 §3.3: stale=true only when the digest is right but for the nonce."""
    table = nonces()
    assert verify(answered(table), "REGISTER", HA1S, 301.0, nonces=table) is Verdict.STALE
    assert verify(answered(table, password="x"), "REGISTER", HA1S, 301.0, nonces=table) is Verdict.BAD
    foreign = answered(Nonces(b"before the restart", 300.0, 100))
    assert verify(foreign, "REGISTER", HA1S, 1.0, nonces=table) is Verdict.STALE


FIELDS = 'Digest username="alice", realm="demo.local", nonce="n", uri="sip:h", response="r"'


@pytest.mark.parametrize(
    "rest",
    [
        ", qop=auth-int, cnonce=c, nc=00000001",
        ", qop=auth, cnonce=c, nc=000000001",
        ", qop=auth, cnonce=c, nc=00000000",
        ", qop=auth, nc=00000001",
        ", qop=auth, cnonce=c, nc=0000000g",
        ", qop=auth, cnonce=c, nc=00000001, algorithm=MD5-sess",
    ],
)
def test_what_was_not_offered_is_malformed(rest: str) -> None:
    """auth-int, -sess, and counts that are no counts are declined."""
    assert (
        verify(Credentials.parse(FIELDS + rest), "REGISTER", HA1S, 1.0, nonces=nonces()) is Verdict.MALFORMED
    )


def test_field_oddities_of_phones_are_read() -> None:
    text = (
        'digest  USERNAME="a, \\"b\\"" ,realm="x, y",nonce="n==", uri=sip:h;transport=udp, response="AB",'
        ' algorithm="md5", qop="AUTH", nc="00000001", cnonce="c,=", opaque="", auth-param=,'
    )
    read = Credentials.parse(text)
    assert (read.username, read.realm, read.nonce, read.uri) == (
        'a, "b"',
        "x, y",
        "n==",
        "sip:h;transport=udp",
    )
    assert (read.algorithm, read.qop, read.nc, read.cnonce) == ("MD5", "auth", "00000001", "c,=")
    assert Credentials.parse(str(read)) == read
    assert "AB" not in repr(read)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Basic abc",
        "Digest",
        "Digest ",
        "Digest x",
        'Digest realm="a',
        'Digest realm="a" nonce="b"',
        "Digest realm=a, nonce=",
    ],
)
def test_what_is_no_digest_is_malformed(text: str) -> None:
    for read in (Challenge.parse, Credentials.parse):
        with pytest.raises(Malformed):
            read(text)


def test_the_first_challenge_that_we_speak_is_chosen() -> None:
    """RFC 8760 §2.4: the server puts its favourite first."""
    sha512 = 'Digest realm="r", nonce="1", algorithm=SHA-512-256, qop="auth"'
    auth_int = 'Digest realm="r", nonce="2", qop="auth-int"'
    sha256 = 'Digest realm="r", nonce="3", algorithm=SHA-256, qop="auth,auth-int", stale=TRUE'
    md5 = 'Digest realm="r", nonce="4", algorithm=MD5, qop="auth"'
    chosen = choose(["NTLM x", sha512, auth_int, sha256, md5])
    assert chosen == Challenge("r", "3", "SHA-256", ("auth", "auth-int"), stale=True)
    assert choose([sha512]) is None


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp", "Cf", "Cn", "Co"])), st.booleans()
)
def test_a_challenge_is_read_as_it_was_written(realm: str, stale: bool) -> None:
    challenge = Challenge(realm, "abc", "SHA-256", ("auth",), "o", stale)
    assert Challenge.parse(str(challenge)) == challenge


def test_credentials_of_the_realm_are_found_among_others() -> None:
    """RFC 3261 §22.3: a request may carry credentials for several realms."""
    other = FIELDS.replace("demo.local", "else.where")
    found = credentials_for(["Bearer x", other, FIELDS], "demo.local")
    assert found is not None and found.realm == "demo.local"
    assert credentials_for([other], "demo.local") is None


@given(st.text(alphabet='Digest realm="a",nonce=\\ \t') | st.text())
def test_any_text_is_read_or_malformed(text: str) -> None:
    for read in (Challenge.parse, Credentials.parse):
        try:
            read("Digest " + text)
        except Malformed:
            continue


def test_a_name_beyond_ascii_is_read() -> None:
    """RFC 7616 §3.4.4 and its example in §3.9.2, whose name is `Jäsøn Doe`."""
    rest = 'realm="r", nonce="n", uri="sip:x", response="0"'
    assert Credentials.parse(f"Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, {rest}").username == "Jäsøn Doe"
    assert Credentials.parse(f"Digest username=a, username*=utf-8'en'b, {rest}").username == "a"
    for bad in ("latin-1''x", "UTF-8x", "x"):
        with pytest.raises(Malformed):
            Credentials.parse(f"Digest username*={bad}, {rest}")


def test_the_algorithm_comes_last_in_a_challenge() -> None:
    """No quoted string (RFC 7616 §3.3): some libraries read an unquoted value up to the next space."""
    asked = Challenge("r", "n", opaque="o", stale=True)
    assert str(asked).endswith(", stale=true, algorithm=MD5") and Challenge.parse(str(asked)) == asked
