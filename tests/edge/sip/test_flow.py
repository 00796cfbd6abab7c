import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sip.flow import Flow, Transport

FLOWS = st.builds(
    Flow,
    st.sampled_from(Transport),
    st.tuples(st.sampled_from(["192.0.2.1", "2001:db8::1", "phone.example"]), st.integers(1, 65_535)),
    st.integers(0, 63),
    st.integers(0, 2**40),
)


@given(FLOWS)
def test_a_flow_survives_being_kept_as_text(flow: Flow) -> None:
    assert Flow.parse(str(flow)) == flow


@pytest.mark.parametrize("text", ["", "udp:1.2.3.4:5/0", "udp:1.2.3.4:x/0/0", "pigeon:1.2.3.4:5/0/0"])
def test_what_is_no_flow_raises(text: str) -> None:
    with pytest.raises(ValueError):
        Flow.parse(text)


def test_only_udp_is_unreliable() -> None:
    assert [t for t in Transport if not Flow(t, ("192.0.2.1", 1)).reliable] == [Transport.UDP]
