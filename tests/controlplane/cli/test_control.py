"""Finding the daemon and asking it."""

import socket
import threading
from pathlib import Path

import pytest

from controlplane.cli.control import NotRunning, ask, data_folder, named
from controlplane.store.folder import CONTROL_SOCKET


def test_the_folder_is_the_options_then_the_environments_then_the_configurations(tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_text("node: {data: inner}\naccounts: [{id: a, domain: d}]\n")
    assert data_folder(file, Path("/x"), {"TANDEM_DATA": "/y"}) == Path("/x")
    assert data_folder(file, None, {"TANDEM_DATA": "/y"}) == Path("/y")
    assert data_folder(file, None, {}) == tmp_path / "inner"


def test_a_socket_that_nobody_serves_is_no_daemon(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(tmp_path / CONTROL_SOCKET))
    with pytest.raises(NotRunning, match="no daemon runs"):
        ask(tmp_path, "/calls")


def test_an_answer_that_is_no_http_is_one_line(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / CONTROL_SOCKET))
        server.listen(1)

        def answer() -> None:
            client, _ = server.accept()
            client.recv(4096)
            client.sendall(b"garbage\r\n")
            client.close()

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(NotRunning, match="does not answer"):
            ask(tmp_path, "/calls")
        thread.join()


def test_another_users_daemon_is_named_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: socket.socket, address: str) -> None:
        raise PermissionError(13, "Permission denied")

    # Root may open every file, so the kernel cannot be asked to refuse.
    monkeypatch.setattr(socket.socket, "connect", refused)
    with pytest.raises(NotRunning, match="another user"):
        ask(tmp_path, "/calls")


def test_accounts_are_named_up_to_eight_of_them() -> None:
    assert named([]) == "there are none"
    assert named(["a", "b"]) == "there are a, b"
    assert named([str(number) for number in range(10)]) == "there are 0, 1, 2, 3, 4, 5, 6, 7 and 2 more"
