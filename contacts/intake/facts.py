"""What WeCom tells of people, in our own words."""

import datetime
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ContactFacts:
    """One employee's relation to one external contact, as WeCom states it."""

    external_userid: str
    name: str
    unionid: str
    kind: int
    userid: str
    remark: str
    mobiles: tuple[str, ...]
    channel_state: str
    add_way: int
    added_at: datetime.datetime
    # Ids of the corp tags that this employee's friend carries; None when nothing was said of them.
    tag_ids: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """Facts about a relation of an employee whom we know, and when WeCom was asked for them."""

    user_id: int
    facts: ContactFacts
    as_of: datetime.datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """How many people, friendships, new links to customers and new doubts a page brought."""

    contacts: int = 0
    follows: int = 0
    matched: int = 0
    doubts: int = 0
