"""What each event of WeCom means: one module per noun, one registry of them all."""

from channels.inbox.handlers.base import NotYet
from channels.inbox.handlers.registry import Handler, handler_of, name_of

__all__ = ["Handler", "NotYet", "handler_of", "name_of"]
