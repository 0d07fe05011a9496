"""The WeCom calls that the product uses: one typed method per endpoint, one module per noun."""

from channels.providers.wecom.api.codes import NO_RELATION, NO_SUCH_CONFIG, STILL_DISPATCHING
from channels.providers.wecom.api.wecom import WeCom, wecom, wecom_app, wecom_of

__all__ = [
    "NO_RELATION",
    "NO_SUCH_CONFIG",
    "STILL_DISPATCHING",
    "WeCom",
    "wecom",
    "wecom_app",
    "wecom_of",
]
