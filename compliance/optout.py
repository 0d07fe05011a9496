"""A customer who answers with the words of an opt-out is left alone from then on."""

import re
from typing import Any

from django.dispatch import receiver

from compliance.models import ArchivedMessage
from compliance.signals import messages_archived
from contacts.models import Customer
from contacts.services import customer_opt_out
from scrm.core.actors import SYSTEM

# The whole message, nothing else in it: "退订基金" is a question about a product.
_WORDS = re.compile(
    r"(?:t|td|n|退订|拒收|取消订阅|不要再发了?|别再发了?|请?不要再给我发(?:消息|广告|信息)?了?)[。.!！~\s]*",
    re.IGNORECASE,
)


def is_opt_out(text: str) -> bool:
    return bool(_WORDS.fullmatch(text.strip()))


@receiver(messages_archived)
def on_archived(messages: list[ArchivedMessage], **_: Any) -> None:
    """In the archiving transaction: the opt-out is as durable as the message that asked for it."""
    asked = {
        message.customer_id: message
        for message in messages
        if message.customer_id and not message.from_staff and is_opt_out(message.text)
    }
    for customer in Customer.objects.filter(pk__in=asked, opted_out_at=None).order_by("pk"):
        evidence = f"客户在会话中回复退订（消息 {asked[customer.pk].msgid}）"
        customer_opt_out(customer=customer, evidence=evidence, actor=SYSTEM)
