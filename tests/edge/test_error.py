from edge.error import Refusal


def test_a_refusal_carries_its_code_as_a_warning() -> None:
    refusal = Refusal("no_such_number", 404, "nobody has 1234", "add a user")
    assert refusal.headers() == (("Warning", '399 tandem "no_such_number: nobody has 1234"'),)


def test_a_passing_refusal_says_when_to_try_again() -> None:
    refusal = Refusal("account_limit", 503, "full", "raise max_in", retry_after=10)
    assert ("Retry-After", "10") in refusal.headers()
