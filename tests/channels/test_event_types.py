"""Every event type of WeCom's documents has an entry with a Chinese name."""

import pytest

from channels.inbox.handlers import handler_of, name_of
from channels.models import InboxEvent

TYPES = {
    "change_external_contact": "add_external_contact add_half_external_contact edit_external_contact "
    "del_external_contact del_follow_user transfer_fail msg_audit_approved",
    "change_external_chat": "create update dismiss",
    "change_external_tag": "create update delete shuffle",
    "change_contact": "create_user update_user delete_user create_party update_party delete_party "
    "update_tag",
    "customer_acquisition": "balance_low balance_exhausted balance_increased quota_expire_soon "
    "link_unavailable delete_link friend_request customer_start_chat message_from_customer open_profile",
    "msgaudit_notify": "",
    "template_card_event": "",
    "template_card_menu_event": "",
    "enter_agent": "",
    "subscribe": "",
    "unsubscribe": "",
    "batch_job_result": "",
    "upload_media_job_finish": "",
    "program_notify": "",
    "text": "",
    "image": "",
}


@pytest.mark.parametrize("event", TYPES)
def test_each_type_has_a_chinese_name(event: str) -> None:
    for change in TYPES[event].split() or [""]:
        row = InboxEvent(event=event, change_type=change)
        assert handler_of(row) is not None, (event, change)
        assert any("一" <= letter <= "鿿" for letter in name_of(row))


def test_an_unknown_type_keeps_its_raw_name() -> None:
    row = InboxEvent(event="change_external_contact", change_type="invented_later")
    assert handler_of(row) is None
    assert name_of(row) == "change_external_contact/invented_later"
