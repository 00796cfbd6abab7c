"""The published schema is that of the code."""

import json
from pathlib import Path

from edge.flow.json_schema import json_schema
from edge.flow.node.table import KINDS

PUBLISHED = Path(__file__).parents[3] / "config/flows/flow.schema.json"


def test_the_published_schema_is_up_to_date() -> None:
    """Write it anew by `python -m controlplane flow schema > config/flows/flow.schema.json`."""
    assert json.loads(PUBLISHED.read_text()) == json_schema()


def test_every_kind_is_described_in_both_forms() -> None:
    text = json.dumps(json_schema())
    for kind in KINDS:
        assert text.count(f'"const": "{kind}"') == 2
