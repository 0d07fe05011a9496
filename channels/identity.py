"""Who opens a page inside WeChat or WeCom: the OAuth round trip."""

from channels.providers.base import ProviderError
from channels.providers.wecom.api import wecom
from channels.providers.wecom.api.identity import client_login_url
from contacts.models import ExternalContact


def authorize_url(redirect_uri: str, state: str) -> str:
    """Address that sends the visitor back to redirect_uri with a code (scope snsapi_base)."""
    return client_login_url(redirect_uri, state)


def visitor_of(code: str) -> ExternalContact | None:
    """The external contact behind a code; None for strangers and when WeCom cannot tell."""
    try:
        who = wecom().visitor(code)
    except ProviderError:
        return None
    return ExternalContact.objects.filter(external_userid=who.get("external_userid", "")).first()
