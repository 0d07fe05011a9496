"""What an archived message says, as one value: sealed as it is hashed, and hashed as it is sealed."""

import json
from functools import cached_property
from json.encoder import encode_basestring
from typing import Any

from scrm.core.crypto import DecryptionFailed
from scrm.core.fields import RowEncryptedTextField

_decode = json.JSONDecoder().decode
Said = tuple[str, str]


class Content(str):
    """Canonical JSON of {"body":…,"text":…}: the plain record as decrypted, and the text that is
    scanned and shown. Empty: purged, and both are empty."""

    @classmethod
    def of(cls, body: str, text: str) -> "Content":
        content = cls(f'{{"body":{encode_basestring(body)},"text":{encode_basestring(text)}}}')
        content._said = body, text
        return content

    @cached_property
    def _said(self) -> Said:
        """Taken apart when somebody asks: verification never does."""
        if not self:
            return "", ""
        try:
            said = _decode(self)
            return said["body"], said["text"]
        except (ValueError, KeyError, TypeError):
            raise DecryptionFailed("what was sealed is no content of a message") from None

    @property
    def body(self) -> str:
        return self._said[0]

    @property
    def text(self) -> str:
        return self._said[1]


class ContentField(RowEncryptedTextField):
    """Content, sealed to its row."""

    def opened(self, value: str, instance: Any) -> Content:
        return Content(super().opened(value, instance))
