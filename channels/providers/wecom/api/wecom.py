"""The two applications of the bank: the self-built app, and the message archive."""

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
from channels.providers.wecom.client import WeComClient


class WeCom:
    """The self-built app; its calls by noun, and the most used ones by short names."""

    def __init__(self, client: WeComClient, archive: WeComClient, agent_id: int) -> None:
        self.client = client
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
        return self.customers.follow_users()

    def contacts_page(self, userid: str, cursor: str) -> tuple[list[Row], str]:
        return self.customers.page(userid, cursor)

    def contact(self, external_userid: str) -> Row:
        return self.customers.one(external_userid)

    def add_mass_send(self, sender: str, recipients: list[str], text: str) -> tuple[str, list[str]]:
        return self.mass_send.add(text, sender=sender, recipients=recipients)

    def mass_sends(self, start: int, end: int) -> Iterator[Row]:
        return self.mass_send.rows(start, end)

    def mass_send_members(self, msgid: str) -> list[Row]:
        return self.mass_send.members(msgid)

    def mass_send_results(self, msgid: str, userid: str) -> list[Row]:
        return self.mass_send.results(msgid, userid)

    def mass_send_remind(self, msgid: str) -> None:
        self.mass_send.remind(msgid)

    def mass_send_cancel(self, msgid: str) -> None:
        self.mass_send.cancel(msgid)

    def visitor(self, code: str) -> Row:
        return self.identity.visitor(code)


def _client(app: str, secret: str) -> WeComClient:
    return WeComClient(settings.WECOM_API_URL, settings.WECOM_CORP_ID, app, secret)


@cache
def wecom() -> WeCom:
    """The configured applications; one HTTP session for each in a process."""
    agent = settings.WECOM_AGENT_ID
    return WeCom(
        _client(str(agent), settings.WECOM_AGENT_SECRET),
        # The archive has a secret, and so a token, of its own.
        _client("archive", settings.WECOM_ARCHIVE_SECRET),
        agent,
    )
