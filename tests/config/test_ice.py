"""STUN servers in the configuration."""

import pytest
from pydantic import ValidationError

from config.ice import Ice


@pytest.mark.parametrize(
    "server", ["turn:192.0.2.1", "stun:", "stun:a b", "stun:192.0.2.1:0", "http://x", "stun:x:99999"]
)
def test_what_is_no_stun_server_is_refused(server: str) -> None:
    with pytest.raises(ValidationError):
        Ice(servers=(server,))


def test_stun_servers_have_a_host_and_a_port() -> None:
    ice = Ice(servers=("stun:stun.example.com", "stun:[2001:db8::1]:5349", "stun:192.0.2.1:19302"))
    assert ice.addresses() == (("stun.example.com", 3478), ("2001:db8::1", 5349), ("192.0.2.1", 19302))
