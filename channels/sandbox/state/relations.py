"""Who follows whom. A follow lives inside its contact's row; this keeps the index by member.

User ids are case-insensitive: keys are lower-case, rows keep the spelling.

follow: {userid, remark, description, createtime, tag_id:[], remark_mobiles:[], add_way, state,
oper_userid, last_contact, deleted_by_customer, half}
"""

from __future__ import annotations

from channels.sandbox.state.store import Store
from channels.sandbox.types import Doc


class Relations:
    def __init__(self, store: Store) -> None:
        self.contacts = store.table("contacts")
        self._by_member: dict[str, dict[str, None]] = {}
        self.reindex()

    def reindex(self) -> None:
        self._by_member = {}
        for contact in self.contacts.values():
            self.index(contact)

    def index(self, contact: Doc) -> None:
        for key in contact["follows"]:
            self._by_member.setdefault(key, {})[contact["external_userid"]] = None

    def customers_of(self, userid: str) -> list[str]:
        return list(self._by_member.get(userid.lower(), ()))

    def count_of(self, userid: str) -> int:
        return len(self._by_member.get(userid.lower(), ()))

    def follow(self, userid: str, external_userid: str) -> Doc | None:
        contact = self.contacts.get(external_userid)
        found: Doc | None = contact["follows"].get(userid.lower()) if contact else None
        return found

    def add(self, external_userid: str, follow: Doc) -> None:
        contact = self.contacts.rows[external_userid]
        key = follow["userid"].lower()
        contact["follows"][key] = follow
        self.contacts.save(external_userid)
        self._by_member.setdefault(key, {})[external_userid] = None

    def remove(self, userid: str, external_userid: str) -> Doc | None:
        contact = self.contacts.get(external_userid)
        if contact is None:
            return None
        self._by_member.get(userid.lower(), {}).pop(external_userid, None)
        self.contacts.save(external_userid)
        removed: Doc | None = contact["follows"].pop(userid.lower(), None)
        return removed

    def touch(self, userid: str, external_userid: str, moment: int) -> None:
        """Remember the last contact: a mass send without a sender goes to this member."""
        follow = self.follow(userid, external_userid)
        if follow is not None:
            follow["last_contact"] = moment
            self.contacts.save(external_userid)
