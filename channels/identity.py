"""Who opens a page inside WeChat or WeCom: the OAuth round trip."""

from urllib.parse import urlencode

from django.conf import settings

from channels.providers.base import ProviderError
from channels.providers.wecom.api import wecom
from contacts.models import ExternalContact


def authorize_url(redirect_uri: str, state: str) -> str:
    """Address that sends the visitor back to redirect_uri with a code (scope snsapi_base)."""
    query = urlencode(
        {
            "appid": settings.WECOM_CORP_ID,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": "snsapi_base",
            "state": state,
            "agentid": settings.WECOM_AGENT_ID,
        }
    )
    return f"{settings.WECOM_OAUTH_URL}/connect/oauth2/authorize?{query}#wechat_redirect"


def visitor_of(code: str) -> ExternalContact | None:
    """The external contact behind a code; None for strangers and when WeCom cannot tell."""
    try:
        who = wecom().visitor(code)
    except ProviderError:
        return None
    return ExternalContact.objects.filter(external_userid=who.get("external_userid", "")).first()
