"""Log lines leave the process masked, tracebacks included."""

import logging
import re

from scrm.core import masking

# PostgreSQL repeats the offending row here, names and numbers in clear.
_DETAIL = re.compile(r"^(DETAIL|Detail):.*$", re.MULTILINE)


class MaskingFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return masking.text(_DETAIL.sub(r"\1: (left out)", super().format(record)))


class MaskSecrets(logging.Filter):
    """For loggers of libraries whose messages hold URLs: masked for every handler they reach."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = masking.text(record.getMessage())
        record.args = None
        return True
