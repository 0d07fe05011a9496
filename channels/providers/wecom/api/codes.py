"""Errcodes that callers decide by."""

NO_RELATION = 84061
NO_SUCH_CONFIG = 41044
STILL_DISPATCHING = 41063
