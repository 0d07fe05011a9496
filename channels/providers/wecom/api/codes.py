"""Errcodes that callers decide by."""

NO_RELATION = 84061
STILL_DISPATCHING = 41063
