"""What is told of a configuration that is no mistake."""

from config.advice import advise
from config.schema import Settings


def told(*dids: object, **auth: object) -> list[str]:
    trunk = {"name": "carrier", "proxy": "sip:c.example", "auth": auth}
    account = {"id": "a", "domain": "a.example", "dids": dids, "trunks": [trunk]}
    return list(advise(Settings.model_validate({"accounts": [account]})))


def test_a_trunk_whose_password_is_asked_for_nowhere_is_told_at_which_numbers() -> None:
    numbers = [{"number": f"1202555010{n}", "target": {"echo": True}, "strangers": n > 3} for n in range(9)]
    (line,) = told(*numbers, username="c", password="p")
    assert line.startswith("accounts[0].trunks[0]: carrier ") and "strangers: no" in line
    assert "(12025550104, 12025550105, 12025550106…)" in line


def test_a_trunk_that_is_known_by_address_or_asked_for_its_password_is_not() -> None:
    closed = {"number": "12025550100", "target": {"echo": True}, "strangers": False}
    assert not told(closed, username="c", password="p") and not told(username="c", password="p")
    assert not told({**closed, "strangers": True}, username="c", password="p", ip=["192.0.2.1"])
