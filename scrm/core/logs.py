"""Log lines leave the process masked."""

import logging

from scrm.core import masking


class MaskSecrets(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = masking.text(record.getMessage())
        record.args = None
        return True
