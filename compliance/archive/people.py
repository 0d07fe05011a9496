"""Who took part in a record: employees by userid, customers by external_userid, in two queries."""

from collections.abc import Iterable
from typing import NamedTuple

from compliance.archive.records import Record
from contacts.models import ExternalContact
from scrm.accounts.models import User
from scrm.core import bulk

_EXTERNAL_PREFIXES = ("wm", "wo", "wb")


class Parties(NamedTuple):
    from_staff: bool
    user: User | None
    contact: ExternalContact | None
    conversation: str
    # One list for all records that name the same.
    receivers: list[str]


class Directory:
    """The people named by a batch of records: their ids, anything else is read when asked for."""

    def __init__(self, records: Iterable[Record]) -> None:
        ids = {name for record in records for name in record.people if name}
        users = bulk.read(User.objects.filter(wecom_userid__any_of=ids), ("wecom_userid",))
        contacts = bulk.read(
            ExternalContact.objects.filter(external_userid__any_of=ids),
            ("external_userid", "customer_id"),
        )
        self.users = {str(user.wecom_userid): user for user in users}
        self.contacts = {row.external_userid: row for row in contacts}
        # The same few people talk all day.
        self._known: dict[tuple[tuple[str, ...], str, tuple[str, ...]], Parties] = {}

    def is_staff(self, name: str) -> bool:
        """Ids of customers and robots start with wm, wo or wb, but so may an employee's userid."""
        return name in self.users or not name.startswith(_EXTERNAL_PREFIXES)

    def parties(self, record: Record) -> Parties:
        # Of the people the sender is the first.
        key = (record.people, record.room_id, tuple(record.receivers))
        if key not in self._known:
            self._known[key] = self._parties(record)
        return self._known[key]

    def _parties(self, record: Record) -> Parties:
        staff = [name for name in record.people if name and self.is_staff(name)]
        others = [name for name in record.people if name and not self.is_staff(name)]
        return Parties(
            from_staff=bool(record.sender) and self.is_staff(record.sender),
            user=next((self.users[name] for name in staff if name in self.users), None),
            contact=self._contact(record, others),
            conversation=_conversation(record, staff, others),
            receivers=record.receivers,
        )

    def _contact(self, record: Record, others: list[str]) -> ExternalContact | None:
        """The customer who speaks, or the only one spoken to; in a group nobody in particular."""
        if record.sender in others:
            return self.contacts.get(record.sender)
        return self.contacts.get(others[0]) if len(others) == 1 else None


def _conversation(record: Record, staff: list[str], others: list[str]) -> str:
    if record.room_id:
        return record.room_id
    if not record.receivers:
        return ""
    pair = [*staff[:1], *others[:1]] if others else sorted(staff)[:2]
    return "|".join(pair)[:140]
