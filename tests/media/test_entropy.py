"""Random bytes by the page."""

from media.entropy import PAGE, Entropy


class Source:
    """Counts up, so that what is given out twice is seen."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def __call__(self, count: int) -> bytes:
        self.asked.append(count)
        first = sum(self.asked) - count
        return b"".join((first // 2 + at).to_bytes(2, "big") for at in range(count // 2))


def test_bytes_come_from_pages_and_none_comes_twice() -> None:
    source = Source()
    entropy = Entropy(source)
    given = [entropy.token_bytes(2 + 2 * (turn % 8)) for turn in range(2_000)]
    assert [len(each) for each in given] == [2 + 2 * (turn % 8) for turn in range(2_000)]
    words = [each[at : at + 2] for each in given for at in range(0, len(each), 2)]
    assert len(set(words)) == len(words) and set(source.asked) == {PAGE}


def test_more_than_a_page_is_asked_for_as_it_is() -> None:
    source = Source()
    entropy = Entropy(source)
    assert len(entropy.token_bytes(3 * PAGE)) == 3 * PAGE and source.asked == [3 * PAGE]


def test_bits_are_as_many_as_were_asked_for() -> None:
    entropy = Entropy(lambda count: b"\xff" * count)
    assert [entropy.getrandbits(count) for count in (1, 8, 16, 79)] == [1, 255, 65_535, 2**79 - 1]


def test_the_system_is_asked_by_itself() -> None:
    assert len({Entropy().token_bytes(16) for _ in range(100)}) == 100
