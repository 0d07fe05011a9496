from contacts.models.banking import Holding, Product, Transaction
from contacts.models.customer import Consent, Customer, ExternalContact, Follow
from contacts.models.groups import GroupChat, GroupMember
from contacts.models.identity import DoubtCandidate, IdentityDoubt
from contacts.models.service import CustomerEvent, FollowUp, Task
from contacts.models.tagging import CustomerTag, FollowTag, Segment, Tag, TagGroup, TagPush

__all__ = [
    "Consent",
    "Customer",
    "CustomerEvent",
    "CustomerTag",
    "DoubtCandidate",
    "ExternalContact",
    "Follow",
    "FollowTag",
    "FollowUp",
    "GroupChat",
    "GroupMember",
    "Holding",
    "IdentityDoubt",
    "Product",
    "Segment",
    "Tag",
    "TagGroup",
    "TagPush",
    "Task",
    "Transaction",
]
