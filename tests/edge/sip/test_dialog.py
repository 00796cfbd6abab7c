"""Dialogs (RFC 3261 §12), between the message texts of both sides."""

from edge.sip.address import Address
from edge.sip.build import response_to
from edge.sip.dialog import Dialog, DialogId, DialogState, target_of
from edge.sip.message import Request, Response
from edge.sip.uri import Uri
from tests.support.transaction import parsed_request, request

ALICE = "Contact: <sip:alice@pc33.atlanta.example>"
BOB = ("Contact", "<sip:bob@192.0.2.4>")
PATH = ("Record-Route: <sip:p2.example;lr>, <sip:p1.example;lr>",)


def invite(*more: str, **parts: object) -> Request:
    return request("INVITE", more=(ALICE, *more), **parts)


def answer(to: Request, status: int, *headers: tuple[str, str], tag: str = "b") -> Response:
    return response_to(to, status, to_tag=tag, headers=headers or (BOB,))


def test_the_uas_takes_the_record_route_in_order_and_the_uac_in_reverse() -> None:
    """§12.1.1, §12.1.2."""
    asked = invite(*PATH)
    uas, uac = Dialog.uas(asked, "b"), Dialog.uac(asked, answer(asked, 200))
    assert [str(hop.uri) for hop in uas.route] == ["sip:p2.example;lr", "sip:p1.example;lr"]
    assert [str(hop.uri) for hop in uac.route] == ["sip:p1.example;lr", "sip:p2.example;lr"]
    assert str(uas.target) == "sip:alice@pc33.atlanta.example" and str(uac.target) == "sip:bob@192.0.2.4"


def test_both_sides_know_the_dialog_by_mirrored_ids() -> None:
    """§12: Call-ID, local tag, remote tag."""
    asked = invite()
    ok = answer(asked, 200)
    uas, uac = Dialog.uas(asked, "b"), Dialog.uac(asked, ok)
    assert uas.id == DialogId("c1", "b", "a") and uac.id == DialogId("c1", "a", "b")
    assert (ok.call_id, ok.from_.tag, ok.to.tag) == uac.id
    for bye, other in ((parsed_bye(uac), uas), (parsed_bye(uas), uac)):
        assert (bye.call_id, bye.to.tag, bye.from_.tag) == other.id
    assert (uas.local_tag, uas.remote_tag) == ("b", "a")


def parsed_bye(dialog: Dialog) -> Request:
    bye = dialog.request("BYE")
    bye.headers.prepend("Via", "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKx")
    return parsed_request(bye.wire())


def test_a_request_inside_is_built_of_the_dialogs_state() -> None:
    """§12.2.1.1: tags, Call-ID, a CSeq one higher, target in the Request-URI, route set in Route."""
    asked = invite(*PATH, cseq=41)
    bye = Dialog.uac(asked, answer(asked, 200)).request("BYE", headers=(("Reason", "Q.850;cause=16"),))
    assert (str(bye.uri), str(bye.cseq), bye.call_id) == ("sip:bob@192.0.2.4", "42 BYE", "c1")
    assert (bye.from_.tag, bye.to.tag, bye.from_.display) == ("a", "b", "Alice")
    assert bye.headers.all("Route") == ["<sip:p1.example;lr>", "<sip:p2.example;lr>"]
    assert bye.headers.get("Reason") == "Q.850;cause=16" and "Via" not in bye.headers


def test_the_ack_has_the_cseq_of_its_invite_whatever_came_between() -> None:
    """§13.2.2.4."""
    asked = invite(cseq=5)
    dialog = Dialog.uac(asked, answer(asked, 200))
    dialog.request("INFO")
    ack = dialog.ack(5, body=b"v=0\r\n", content_type="application/sdp")
    assert str(ack.cseq) == "5 ACK" and ack.body == b"v=0\r\n" and dialog.local_cseq == 6
    assert str(ack.uri) == "sip:bob@192.0.2.4"


def test_the_next_hop_is_the_top_route_else_the_target() -> None:
    asked = invite(*PATH)
    assert str(Dialog.uac(asked, answer(asked, 200)).next_hop()) == "sip:p1.example;lr"
    asked = invite()
    assert str(Dialog.uac(asked, answer(asked, 200)).next_hop()) == "sip:bob@192.0.2.4"


def test_a_strict_router_gets_itself_in_the_request_uri_and_the_target_last() -> None:
    """§12.2.1.1: no lr in the first route."""
    asked = invite("Record-Route: <sip:p2.example;lr>, <sip:p1.example?subject=x>")
    dialog = Dialog.uac(asked, answer(asked, 200))
    bye = dialog.request("BYE")
    assert str(bye.uri) == "sip:p1.example"  # §19.1.1: headers may not stand there
    assert bye.headers.all("Route") == ["<sip:p2.example;lr>", "<sip:bob@192.0.2.4>"]
    assert dialog.next_hop().host == "p1.example"


def test_a_lower_cseq_is_out_of_order_and_changes_nothing() -> None:
    """§12.2.2: answer 500. ACK and CANCEL are exempt."""
    dialog = Dialog.uas(invite(cseq=10), "b")
    moved = "Contact: <sip:alice@198.51.100.7>"
    assert not dialog.receive(request("INVITE", cseq=9, to_tag="b", more=(moved,)))
    assert str(dialog.target) == "sip:alice@pc33.atlanta.example" and dialog.remote_cseq == 10
    assert dialog.receive(request("ACK", cseq=9)) and dialog.receive(request("CANCEL", cseq=9))
    assert dialog.remote_cseq == 10
    assert dialog.receive(request("BYE", cseq=15, to_tag="b")) and dialog.remote_cseq == 15


def test_the_first_request_of_the_callee_sets_its_cseq() -> None:
    """§12.1.2: the remote sequence number of a UAC's dialog is empty."""
    asked = invite()
    dialog = Dialog.uac(asked, answer(asked, 200))
    assert dialog.remote_cseq is None
    assert dialog.receive(request("BYE", cseq=0)) and dialog.remote_cseq == 0


def test_a_reinvite_or_update_moves_the_target_and_other_requests_do_not() -> None:
    dialog = Dialog.uas(invite(), "b")
    for cseq, (method, host) in enumerate((("INFO", "a"), ("INVITE", "b"), ("UPDATE", "c"), ("BYE", "d")), 2):
        assert dialog.receive(request(method, cseq=cseq, to_tag="b", more=(f"Contact: <sip:alice@{host}>",)))
        assert dialog.target.host == {"a": "pc33.atlanta.example", "d": "c"}.get(host, host)


def test_an_early_dialog_is_confirmed_by_the_2xx_with_its_route_and_target() -> None:
    """§13.2.2.4."""
    asked = invite()
    early = Dialog.uac(asked, answer(asked, 180))
    assert early.state is DialogState.EARLY and early.route == ()
    early.answered(answer(asked, 183))
    assert early.state is DialogState.EARLY
    early.answered(
        answer(asked, 200, ("Contact", "<sip:bob@new.example>"), ("Record-Route", "<sip:p1.example;lr>"))
    )
    assert early.state is DialogState.CONFIRMED
    assert str(early.next_hop()) == "sip:p1.example;lr" and str(early.target) == "sip:bob@new.example"


def test_the_route_set_of_a_confirmed_dialog_stays() -> None:
    """§12.2.1.2: the 2xx of a target refresh moves the target only."""
    asked = invite()
    dialog = Dialog.uac(asked, answer(asked, 200))
    dialog.answered(
        answer(asked, 200, ("Contact", "<sip:bob@new.example>"), ("Record-Route", "<sip:p9.example;lr>"))
    )
    assert dialog.route == () and str(dialog.next_hop()) == "sip:bob@new.example"


def test_the_uas_confirms_by_its_own_2xx() -> None:
    dialog = Dialog.uas(invite(), "b")
    assert dialog.state is DialogState.EARLY
    dialog.confirm()
    assert dialog.state is DialogState.CONFIRMED


def test_contact_is_sent_in_target_refresh_requests_only() -> None:
    contact = Address("", Uri.parse("sip:edge@198.51.100.1"))
    dialog = Dialog.uas(invite(), "b", contact=contact)
    assert dialog.request("INVITE").headers.get("Contact") == "<sip:edge@198.51.100.1>"
    assert "Contact" not in dialog.request("BYE").headers
    asked = invite()
    assert Dialog.uac(asked, answer(asked, 200)).request("UPDATE").headers.get("Contact") == ALICE[9:]


def test_sloppy_peers_get_a_dialog_all_the_same() -> None:
    """No Contact, a broken one, a star, a broken Record-Route, no To tag: what is there is used."""
    for contact in ((), ("Contact: <<",), ("Contact: *",), ("Contact: <tel:+14155550100>",)):
        asked = request("INVITE", more=contact)
        assert str(Dialog.uas(asked, "b").target) == "sip:alice@atlanta.example"
    asked = invite()
    dialog = Dialog.uac(asked, response_to(asked, 200, headers=(("Record-Route", "<<"),)))
    assert dialog.remote_tag == "" and dialog.route == () and dialog.target == asked.uri
    assert dialog.request("BYE").to.tag == ""


def test_who_answers_with_our_own_contact_is_reached_where_it_was_called() -> None:
    """voip-utils does; its ACK and BYE would come back to us."""
    asked = invite()
    echoed = answer(asked, 200, ("Contact", "<sip:alice@pc33.atlanta.example>;expires=60"))
    dialog = Dialog.uac(asked, echoed)
    assert dialog.target == asked.uri
    dialog.answered(echoed)
    assert dialog.target == asked.uri
    dialog.answered(answer(asked, 200, ("Contact", "<sip:bob@pc33.atlanta.example>")))
    assert dialog.target.user == "bob", "another one behind the same address"


def test_a_dialog_is_secure_when_asked_for_by_sips_over_tls() -> None:
    """§12.1.1."""
    secure = {"uri": "sips:bob@biloxi.example"}
    assert Dialog.uas(invite(transport="TLS", **secure), "b").secure
    assert (
        not Dialog.uas(invite(**secure), "b").secure and not Dialog.uas(invite(transport="TLS"), "b").secure
    )
    asked = invite(**secure)
    assert Dialog.uac(asked, answer(asked, 200)).secure


def test_the_target_is_the_first_sip_address_whatever_else_contact_holds() -> None:
    """§8.1.1.8 has it be the only one; some write down all the ways to reach them."""
    odd = ("Contact: mailto:a@b", "Contact: http://a/the%20path?x=y", "Contact: <sip:a@192.0.2.7>, <sip:b@h>")
    assert str(target_of(request("INVITE", more=odd))) == "sip:a@192.0.2.7"
    assert target_of(request("INVITE", more=odd[:2])) is None
    assert target_of(request("INVITE", more=("Contact: *",))) is None
