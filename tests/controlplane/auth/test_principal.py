"""Who a request comes from."""

from controlplane.auth.principal import CLI, Principal
from controlplane.auth.scope import SCOPES


def test_whoever_is_no_key_may_do_everything_everywhere() -> None:
    assert CLI.scopes == SCOPES.keys() and CLI.account == "" and Principal("node").scopes == CLI.scopes
