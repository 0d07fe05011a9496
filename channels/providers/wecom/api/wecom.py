"""WeCom as one application sees it: a self-built app, and the message archive beside it."""

from collections.abc import Iterator
from functools import cache

from django.conf import settings

from channels.providers.wecom.api.acquisition import Acquisition
from channels.providers.wecom.api.album import Album
from channels.providers.wecom.api.contact_ways import ContactWays
from channels.providers.wecom.api.customers import Customers
from channels.providers.wecom.api.family import Row
from channels.providers.wecom.api.groups import Groups
from channels.providers.wecom.api.identity import Identity
from channels.providers.wecom.api.intercept import Intercept
from channels.providers.wecom.api.mass_send import MassSend
from channels.providers.wecom.api.media import MediaFiles
from channels.providers.wecom.api.messages import Messages
from channels.providers.wecom.api.moments import Moments
from channels.providers.wecom.api.msgaudit import MsgAudit
from channels.providers.wecom.api.org import Org
from channels.providers.wecom.api.statistics import Statistics
from channels.providers.wecom.api.tags import Tags
from channels.providers.wecom.api.transfer import Transfer
from channels.providers.wecom.api.welcome import Welcome
from channels.providers.wecom.applications import Application, main_application
from channels.providers.wecom.client import WeComClient
from channels.providers.wecom.people import corp_of, local_id, localized, wecom_id


class WeCom:
    """The self-built app; its calls by noun, and the most used ones by short names.

    The nouns speak WeCom's ids. The short names take and give ids as our rows hold them.
    """

    def __init__(self, client: WeComClient, archive: WeComClient, agent_id: int) -> None:
        self.client = client
        self.corp_id = client.corp_id
        self.org = Org(client)
        self.customers = Customers(client)
        self.tags = Tags(client)
        self.contact_ways = ContactWays(client)
        self.acquisition = Acquisition(client)
        self.groups = Groups(client)
        self.welcome = Welcome(client)
        self.mass_send = MassSend(client)
        self.moments = Moments(client)
        self.transfer = Transfer(client)
        self.statistics = Statistics(client)
        self.album = Album(client)
        self.intercept = Intercept(client)
        self.messages = Messages(client, agent_id)
        self.media = MediaFiles(client)
        self.identity = Identity(client)
        self.msgaudit = MsgAudit(archive)

    def follow_users(self) -> list[str]:
        return [local_id(self.corp_id, userid) for userid in self.customers.follow_users()]

    def relations(self, userids: list[str], cursor: str) -> tuple[list[Row], str, list[str]]:
        """A page of relations of at most 100 employees, and those without a licence to be read."""
        there = [wecom_id(userid) for userid in userids]
        rows, following, unread = self.customers.relations(there, cursor)
        unlicensed = [local_id(self.corp_id, userid) for userid in unread]
        return [self._relation(row) for row in rows], following, unlicensed

    def contact_ids(self, userid: str) -> list[str]:
        ids = self.customers.ids(wecom_id(userid))
        return [local_id(self.corp_id, external) for external in ids]

    def _relation(self, row: Row) -> Row:
        contact = localized(self.corp_id, row["external_contact"], "external_userid")
        follow = localized(self.corp_id, row["follow_info"], "userid")
        return {**row, "external_contact": contact, "follow_info": follow}

    def contact(self, external_userid: str) -> Row:
        row = self.customers.one(wecom_id(external_userid))
        contact = localized(self.corp_id, row["external_contact"], "external_userid")
        follows = [localized(self.corp_id, follow, "userid") for follow in row["follow_user"]]
        return {**row, "external_contact": contact, "follow_user": follows}

    def add_mass_send(self, sender: str, recipients: list[str], text: str) -> tuple[str, list[str]]:
        people = [wecom_id(person) for person in recipients]
        msgid, refused = self.mass_send.add(text, sender=wecom_id(sender), recipients=people)
        return msgid, [local_id(self.corp_id, person) for person in refused]

    def mass_sends(self, start: int, end: int) -> Iterator[Row]:
        return self.mass_send.rows(start, end)

    def mass_send_members(self, msgid: str) -> list[Row]:
        return [localized(self.corp_id, row, "userid") for row in self.mass_send.members(msgid)]

    def mass_send_results(self, msgid: str, userid: str) -> list[Row]:
        rows = self.mass_send.results(msgid, wecom_id(userid))
        return [localized(self.corp_id, row, "external_userid") for row in rows]

    def mass_send_remind(self, msgid: str) -> None:
        self.mass_send.remind(msgid)

    def mass_send_cancel(self, msgid: str) -> None:
        self.mass_send.cancel(msgid)

    def visitor(self, code: str) -> Row:
        return localized(self.corp_id, self.identity.visitor(code), "userid", "external_userid")


def _client(app: Application, name: str, secret: str) -> WeComClient:
    return WeComClient(app.api_url or settings.WECOM_API_URL, app.corp_id, name, secret)


@cache
def wecom_app(app: Application) -> WeCom:
    """One HTTP session for each application in a process."""
    return WeCom(
        _client(app, str(app.agent_id), app.secret),
        # The archive has a secret, and so a token, of its own.
        _client(app, "archive", app.archive_secret),
        app.agent_id,
    )


def wecom(corp_id: str = "") -> WeCom:
    """The main application of a corporation, of the bank's first one if none is named."""
    return wecom_app(main_application(corp_id or settings.WECOM_CORP_ID))


def wecom_of(person: str) -> WeCom:
    """The corporation of an employee or external contact, by the id in our rows."""
    return wecom(corp_of(person))
