"""Pictures of flows."""

import xml.etree.ElementTree as xml

from edge.flow.document import read_flow
from edge.flow.graph import mermaid, svg

FLOW = read_flow(
    """
nodes:
  menu: {kind: menu, prompt: x, next: {"digit:1": 'say "it"', default: menu}}
  'say "it"': {kind: say, text: x, next: bye}
  bye: {kind: hangup}
  lost <one>: {kind: noop, next: bye}
""",
    "f",
).flow


def test_mermaid_names_every_node_and_every_way() -> None:
    text = mermaid(FLOW)
    assert text.splitlines()[:3] == [
        "flowchart TD",
        '    n0(["menu<br/>menu"])',
        '    n1["say #quot;it#quot;<br/>say"]',
    ]
    assert '    n0 -->|"digit:1"| n1' in text and "    n0 --> n0" in text


def test_svg_is_well_formed_and_has_every_node() -> None:
    root = xml.fromstring(svg(FLOW))
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"menu", 'say "it"', "bye", "lost <one>", "digit:1"} <= set(texts)
    assert len(list(root.iter("{http://www.w3.org/2000/svg}rect"))) == 4
