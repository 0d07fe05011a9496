"""Chats for the archive's tests.

The driver is faked at its interface (ArchiveSdk): envelopes come from a list instead of HTTP. What
is inside is real: RSA PKCS#1 v1.5 around the random key, the sandbox's cipher around the message.
"""

import base64
import bisect
import datetime
import hashlib
import json
from collections.abc import Callable, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from django.db import connection
from django.utils import timezone

from channels.providers.base import ErrorClass, ProviderError
from channels.providers.wecom.archive import MediaChunk
from channels.sandbox import archive_cipher
from compliance.archive import decode, index, pull, scan
from compliance.lexicon import Engine, ScanFailed
from compliance.models import Alert, ArchivedMessage
from contacts.models import ExternalContact
from scrm.accounts.models import User

RISKY = "您放心买，这款保本保息，年化收益稳稳的6个点。"
HARMLESS = "您好，周六上午九点到下午四点营业。"
_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC_KEY = _KEY.public_key()


def write_key(folder: Path, version: int = 1) -> None:
    pem = _KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / f"{version}.pem").write_bytes(pem)


class Chat:
    """A corp's chat log, and the driver that hands it out."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.largest = 1000
        self.calls = 0
        self.files: dict[str, bytes] = {}
        self.chunk = 512 * 1024

    def get_chat_data(self, seq: int, limit: int) -> list[dict[str, Any]]:
        self.calls += 1
        if limit > self.largest:
            raise ProviderError("too large", ErrorClass.PERMANENT, errcode=301058)
        first = bisect.bisect_right(self.rows, seq, key=itemgetter("seq"))
        return self.rows[first : first + limit]

    def decrypt(self, random_key: str, message: str) -> str:
        try:
            return archive_cipher.decrypt(random_key, message)
        except ValueError:
            raise ProviderError("存档：消息解密失败。", ErrorClass.PERMANENT) from None

    def get_media_chunk(self, sdkfileid: str, index: str) -> MediaChunk:
        """Files are given in chunks of `chunk` bytes; what nobody uploaded is an unknown id."""
        if sdkfileid not in self.files:
            raise ProviderError("unknown file", ErrorClass.PERMANENT, errcode=10005)
        data, start = self.files[sdkfileid], int(index or 0)
        end = start + self.chunk
        finished = end >= len(data)
        return MediaChunk(data[start:end], "" if finished else str(end), finished)

    def send_file(
        self, sender: str, receiver: str, data: bytes, msgtype: str = "image", **body: Any
    ) -> dict[str, Any]:
        file_id, at = f"sdk{len(self.files)}", body.pop("at", None)
        self.files[file_id] = data
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        inside = {"sdkfileid": file_id, "md5sum": md5, "filesize": len(data), **body}
        return self.say(sender, receiver, "", at=at, msgtype=msgtype, **{msgtype: inside})

    def add(self, plain: str, msgid: str = "", version: int = 1) -> dict[str, Any]:
        wrapped = PUBLIC_KEY.encrypt(b"random-key", padding.PKCS1v15())
        row = {
            "seq": self.rows[-1]["seq"] + 2 if self.rows else 5,
            "msgid": msgid or f"m{len(self.rows)}_external",
            "publickey_ver": version,
            "encrypt_random_key": base64.b64encode(wrapped).decode(),
            "encrypt_chat_msg": archive_cipher.encrypt("random-key", plain),
        }
        self.rows.append(row)
        return row

    def say(
        self,
        sender: str,
        receiver: str,
        text: str,
        *,
        at: datetime.datetime | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """A text message, or whatever `more` makes of it; later messages are later by a minute."""
        msgid = more.pop("msgid", f"m{len(self.rows)}_external")
        version = more.pop("version", 1)
        moment = at or timezone.now() - datetime.timedelta(minutes=500 - len(self.rows))
        record = {
            "msgid": msgid,
            "action": "send",
            "from": sender,
            "tolist": [receiver],
            "roomid": "",
            "msgtime": int(moment.timestamp() * 1000),
            "msgtype": "text",
            "text": {"content": text},
            **more,
        }
        return self.add(json.dumps(record, ensure_ascii=False), msgid, version)

    def archive(self) -> int:
        """Pulls, decodes, scans and indexes everything that waits."""
        pull.pull(self)
        stored = decode.decode(self, decode.waiting())
        scan.scan(scan.unscanned())
        index.index(index.unindexed())
        return stored


def alert(
    chat: Chat, rm: User, contact: ExternalContact, severity: int = 4, text: str = RISKY
) -> Alert:
    """An alert about a message of this employee to this customer, set to that severity."""
    row = chat.say(str(rm.wecom_userid), contact.external_userid, text)
    chat.archive()
    found = Alert.objects.get(message__msgid=row["msgid"])
    found.severity = severity
    found.save()
    return found


def message_of(row: dict[str, Any]) -> ArchivedMessage:
    return ArchivedMessage.objects.get(envelope__seq=row["seq"])


def as_superuser(sql: str, *values: Any) -> None:
    """What only somebody with the database in hand can do: past the append-only triggers."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            cursor.execute(sql, values)
        finally:
            cursor.execute("SET session_replication_role = DEFAULT")


def refusing(*refused: str) -> Callable[..., list[Any]]:
    """In place of Engine.scan_many: those texts (all, unless told) cannot be scanned."""
    whole = Engine.scan_many

    def scan_many(engine: Engine, texts: Sequence[str], contexts: Any = ()) -> list[Any]:
        results = zip(texts, whole(engine, texts, contexts), strict=True)
        held = ScanFailed("injected")
        return [held if not refused or text in refused else result for text, result in results]

    return scan_many
