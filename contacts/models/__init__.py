from contacts.models.banking import Holding, Product, Transaction
from contacts.models.customer import Consent, Customer, ExternalContact, Follow
from contacts.models.groups import GroupChat, GroupMember
from contacts.models.service import CustomerEvent, FollowUp, Task
from contacts.models.tagging import CustomerTag, FollowTag, Segment, Tag, TagGroup, TagPush

__all__ = [
    "Consent",
    "Customer",
    "CustomerEvent",
    "CustomerTag",
    "ExternalContact",
    "Follow",
    "FollowTag",
    "FollowUp",
    "GroupChat",
    "GroupMember",
    "Holding",
    "Product",
    "Segment",
    "Tag",
    "TagGroup",
    "TagPush",
    "Task",
    "Transaction",
]
