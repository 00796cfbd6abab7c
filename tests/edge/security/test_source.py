"""Which source is forgotten."""

from edge.security.source import Source, forget_one


def test_the_oldest_goes_but_not_one_that_has_done_wrong() -> None:
    sources = {str(n): Source(str(n), False, 0.0) for n in range(6)}
    sources["0"].suspect = True
    forget_one(sources)
    assert list(sources) == ["2", "3", "4", "5", "0"]
    assert not sources["0"].suspect, "next time it must have done something new"


def test_one_goes_even_when_all_are_suspicious() -> None:
    sources = {str(n): Source(str(n), False, 0.0) for n in range(20)}
    for source in sources.values():
        source.suspect = True
    forget_one(sources)
    assert len(sources) == 19
