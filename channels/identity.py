"""Who opens a page inside WeChat or WeCom: the OAuth round trip.

Each corporation knows its own people only, so the trip goes through the corporation of the employee
who sent the link, there and back.
"""

from channels.providers.base import ProviderError
from channels.providers.wecom.api import wecom_of
from channels.providers.wecom.api.identity import client_login_url
from channels.providers.wecom.applications import main_application
from channels.providers.wecom.people import corp_of
from contacts.models import ExternalContact


def authorize_url(redirect_uri: str, state: str, *, sender: str) -> str:
    """Address that sends the visitor back to redirect_uri with a code (scope snsapi_base).

    sender: our id of the employee. Where their corporation is no longer configured, nobody can
    tell who opens the page: the address is redirect_uri itself.
    """
    try:
        app = main_application(corp_of(sender))
    except ProviderError:
        return redirect_uri
    return client_login_url(app, redirect_uri, state)


def visitor_of(code: str, *, sender: str) -> ExternalContact | None:
    """The external contact behind a code; None for strangers and when WeCom cannot tell."""
    try:
        who = wecom_of(sender).visitor(code)
    except ProviderError:
        return None
    return ExternalContact.objects.filter(external_userid=who.get("external_userid", "")).first()
