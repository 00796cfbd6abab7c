"""How problems of a configuration read."""

from config.error import ConfigError, Problem, did_you_mean, path_text


def test_a_problem_is_one_line_with_place_path_and_remedy() -> None:
    problem = Problem("t.yaml", 12, "accounts[0].id", "unknown key", "did you mean domain?")
    assert str(problem) == "t.yaml:12: accounts[0].id: unknown key (did you mean domain?)"
    assert str(Problem("t.yaml", None, "", "cannot be read")) == "t.yaml: cannot be read"


def test_the_error_says_all_of_them() -> None:
    error = ConfigError([Problem("a", 1, "", "x"), Problem("a", 2, "", "y")])
    assert str(error).splitlines() == ["a:1: x", "a:2: y"]


def test_paths_read_as_they_are_spoken() -> None:
    assert path_text(("accounts", 0, "users", 11, "number")) == "accounts[0].users[11].number"
    assert path_text(()) == ""


def test_only_near_names_are_suggested() -> None:
    assert did_you_mean("greetr", ["greeter", "demo"]) == "did you mean greeter?"
    assert did_you_mean("xyz", ["greeter"], "there is greeter") == "there is greeter"
