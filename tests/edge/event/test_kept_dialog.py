"""A dialog that goes through JSON and back."""

import json

from edge.event.kept_dialog import dialog_data, dialog_of
from edge.sip.address import Address
from edge.sip.dialog import Dialog, DialogState
from edge.sip.uri import Uri


def test_what_comes_back_is_the_dialog_that_was_kept() -> None:
    dialog = Dialog(
        call_id="abc",
        local=Address.parse("<sip:1002@demo.local>;tag=ours"),
        remote=Address.parse('"Lamp" <sip:1003@demo.local>;tag=theirs'),
        target=Uri.parse("sip:1003@192.0.2.9:5062;transport=tcp"),
        route=(Address.parse("<sip:proxy.example;lr>"),),
        local_cseq=7,
        remote_cseq=3,
        state=DialogState.CONFIRMED,
    )
    again = dialog_of(json.loads(json.dumps(dialog_data(dialog))))
    assert again is not None and again.id == dialog.id and again.state is DialogState.CONFIRMED
    assert again.request("NOTIFY").wire() == dialog.request("NOTIFY").wire()


def test_what_cannot_be_read_is_no_dialog() -> None:
    assert dialog_of({}) is None
    assert dialog_of({"route": "none"}) is None
