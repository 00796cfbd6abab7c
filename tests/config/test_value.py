"""Values made by `config.value.dataclass`: equal and hashed as the standard library's frozen ones."""

import dataclasses
import pickle

from config.value import Enumeration, dataclass


@dataclass(frozen=True, slots=True)
class Way:
    host: str
    port: int = 5060


@dataclass(frozen=True, eq=False)
class Named:
    name: str


@dataclass(slots=True)
class Count:
    of: int = 0


def test_equal_values_have_one_hash() -> None:
    assert Way("a") == Way("a", 5060)
    assert len({Way("a"), Way("a", 5060), Way("b")}) == 2


def test_without_eq_each_is_itself() -> None:
    one, other = Named("x"), Named("x")
    assert one != other
    assert len({one, other}) == 2


def test_what_is_not_frozen_has_no_hash() -> None:
    assert Count.__hash__ is None


def test_they_are_dataclasses() -> None:
    assert dataclasses.replace(Way("a"), port=1) == Way("a", 1)
    assert dataclasses.asdict(Way("a")) == {"host": "a", "port": 5060}
    assert pickle.loads(pickle.dumps(Way("a", 7))) == Way("a", 7)


def test_that_nobody_writes_is_the_type_checkers_to_hold() -> None:
    way = Way("a")
    way.port = 1
    assert way.port == 1


def test_members_of_an_enumeration_are_found_in_dictionaries_as_themselves() -> None:
    class Colour(Enumeration):
        RED = "red"
        BLUE = "blue"

    class Fruit(Enumeration):
        RED = "red"

    assert Colour("red") is Colour.RED and list(Colour) == [Colour.RED, Colour.BLUE]
    assert {Colour.RED: 1, Fruit.RED: 2} == {Fruit.RED: 2, Colour.RED: 1}
    assert hash(Colour.RED) == object.__hash__(Colour.RED)
