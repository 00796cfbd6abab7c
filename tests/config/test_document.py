"""YAML text with lines, limits and variables (design §6)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.document import DEPTH_MAX, Document, read
from config.error import ConfigError


def good(text: str, **environ: str) -> Document:
    document, problems = read(text, "t.yaml", environ)
    assert problems == []
    return document


def refused(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(text, "t.yaml", {})
    return str(caught.value)


def test_scalars_follow_the_core_schema_of_yaml_1_2() -> None:
    text = 'a: [1, -2, 1.5, true, null, ~, yes, 09:00, 17:00, 1_000, 0x1f, 2026-11-22, "1", 1e3]'
    assert good(text).data == {
        "a": [
            1,
            -2,
            1.5,
            True,
            None,
            None,
            "yes",
            "09:00",
            "17:00",
            "1_000",
            "0x1f",
            "2026-11-22",
            "1",
            1000.0,
        ]
    }


def test_every_key_and_entry_knows_its_line() -> None:
    document = good("a:\n  b: 1\n  c:\n    - x\n    - y: z\n")
    assert document.line(("a", "c", 1, "y")) == 5
    assert document.line(("a", "c", 0)) == 4
    assert document.line(("a", "missing", "deeper")) == 1


def test_variables_are_expanded_inside_scalars_after_parsing() -> None:
    text = 'a: "x${NAME}y"\nb: ${PORT}\nc: ${NONE:-else}\nd: "${EMPTY:-}"\ne: $${NAME}'
    document = good(text, NAME="}: [evil", PORT="5060")
    assert document.data == {"a": "x}: [evily", "b": "5060", "c": "else", "d": "", "e": "${NAME}"}


def test_an_unset_variable_is_a_problem_with_its_line() -> None:
    _, problems = read("a: 1\nb: ${NONE}\nc: ${}", "t.yaml", {})
    assert [(problem.line, problem.path) for problem in problems] == [(2, "b"), (3, "c")]
    assert "NONE is not set" in problems[0].what


def test_a_duplicate_key_is_a_problem() -> None:
    _, problems = read("a: 1\nb: 2\na: {c: [3]}\n", "t.yaml", {})
    assert str(problems[0]) == "t.yaml:3: a: given twice, first in line 1 (remove one of them)"


def test_aliases_and_merges_work() -> None:
    document = good("base: &b {x: 1, y: 2}\none: {<<: *b, y: 3}\ntwo: *b\n")
    assert document.data == {"base": {"x": 1, "y": 2}, "one": {"x": 1, "y": 3}, "two": {"x": 1, "y": 2}}


def test_an_alias_bomb_is_refused_before_it_grows() -> None:
    lines = ["a0: &a0 [" + ",".join("1" * 10) + "]"]
    lines += [f"a{i}: &a{i} [" + ",".join([f"*a{i - 1}"] * 10) + "]" for i in range(1, 12)]
    assert "values, aliases expanded" in refused("\n".join(lines))


def test_what_cannot_be_read_is_one_clear_line() -> None:
    assert refused("a: [1,\nb: {").startswith("t.yaml:3: not YAML:")
    assert "nest" in refused("[" * 100_000)  # since 6.0.4 PyYAML itself has a bound
    assert f"nested deeper than {DEPTH_MAX}" in refused("{a: " * 50 + "1" + "}" * 50)
    assert "names no anchor" in refused("a: &x [*x]")
    assert "control characters" in refused("a: \x00")
    assert refused("a: 1\n---\nb: 2") == (
        "t.yaml:2: a second document begins here (keep one document in the file)"
    )
    assert refused("? [a, b]\n: 1") == "t.yaml:1: a key must be plain text"


def test_tags_construct_nothing() -> None:
    _, problems = read("a: !!python/object:os.system x", "t.yaml", {})
    assert "means nothing here" in problems[0].what
    assert good("a: !!str 5").data == {"a": "5"}


def test_an_empty_file_is_no_data() -> None:
    assert good("").data is None and good("# only a comment\n").data is None


@given(st.text(alphabet="ab:-[]{}&*!|>'\"#%@, \n\t0${}?<é\x07", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read(text, "t.yaml", {})
    except ConfigError as error:
        assert len(error.problems) == 1


@pytest.mark.parametrize(
    ("text", "line", "fix"),
    [
        ("a:\n\tb: 1", 2, "indent with spaces, not with tabs"),
        ("a:\n  - b: 1\n c: 2", 3, "indent this line"),
        ("a:\n  b: 1\n   c: 2", 3, "put a text with a colon in quotes, and indent keys alike"),
        ("text: Please note: we are closed", 1, "put a text with a colon in quotes"),
        ("a: {text: Press 1: sales}", 1, "close the bracket"),
        ("a: {b: 1", 2, "close the bracket"),
        ("a: 'b", 1, "close the quotes"),
        ('a: "C:\\Users"', 1, "write \\\\ for a backslash"),
        ("a: @b", 1, "put it in quotes"),
        ("number: *43", 1, 'a text that begins with * stands in quotes: "*43"'),
        ("a: 1\nb", 2, "write key: value"),
    ],
)
def test_what_is_not_yaml_has_a_remedy(text: str, line: int, fix: str) -> None:
    told = refused(text)
    assert told.startswith(f"t.yaml:{line}: ") and fix in told, told


def test_json_that_is_none_is_not_called_yaml() -> None:
    with pytest.raises(ConfigError, match=r"^t\.JSON:1: not JSON: "):
        read('{"a": [}', "t.JSON", {})
