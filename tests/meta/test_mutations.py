"""`scripts/mutate` finds what it takes away: each text stands just once where it is said to stand."""

from pathlib import Path

import pytest

from tests.mutation.__main__ import MUTATIONS, Mutation

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: f"{mutation.line} {mutation.name}")
def test_a_mutation_changes_one_place(mutation: Mutation) -> None:
    assert (ROOT / mutation.file).read_text().count(mutation.before) == 1
    assert (ROOT / mutation.test).exists()
