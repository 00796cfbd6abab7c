from edge.error import Refusal


def test_a_refusal_carries_its_code_as_a_warning() -> None:
    refusal = Refusal("no_such_number", 404, "nobody has 1234", "add a user")
    assert refusal.headers() == (("Warning", '399 tandem "no_such_number: nobody has 1234"'),)


def test_a_name_with_a_quote_in_it_ends_no_quoted_string() -> None:
    """RFC 3261 §25.1: the name came in a request."""
    refusal = Refusal("foreign_aor", 403, 'alice may not register a"\\\r\nX: y', "")
    assert refusal.headers() == (
        ("Warning", '399 tandem "foreign_aor: alice may not register a\\"\\\\ X: y"'),
    )


def test_a_passing_refusal_says_when_to_try_again() -> None:
    refusal = Refusal("account_limit", 503, "full", "raise max_in", retry_after=10)
    assert ("Retry-After", "10") in refusal.headers()
