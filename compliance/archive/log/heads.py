"""Signed heads: the root of both trees at one size, under the chain key and a signature.

The HMAC proves to the bank that its own system made the head: whoever holds only the database
cannot make one. The Ed25519 signature proves the same to outsiders.
"""

import datetime
import hmac
from dataclasses import asdict, dataclass

from django.db import transaction
from django.utils import timezone

from compliance.archive import locks
from compliance.archive.log import keys, tree
from compliance.archive.log.canonical import canonical, encoded, moment
from compliance.models import LogHead


@dataclass(frozen=True, slots=True)
class Head:
    """What is signed. Hashes in hex, `at` as a canonical moment."""

    at: str
    chain_key: str
    sha256: str
    signing_key: str
    size: int
    sm3: str

    def encode(self) -> bytes:
        return encoded(canonical(asdict(self)))


@dataclass(frozen=True, slots=True)
class SignedHead:
    head: Head
    hmac: str
    signature: str

    def fault(self) -> str:
        """Why this head was not made by us, as the end of a sentence; "" when it was."""
        data = self.head.encode()
        try:
            if not hmac.compare_digest(keys.chain_mac(self.head.chain_key, data), self.hmac):
                return "的校验码不符，不是本系统生成的"
            if not keys.signed(self.head.signing_key, data, self.signature):
                return "的签名不符，不是本系统生成的"
        except keys.KeyUnknown as error:
            return f"使用了未登记的密钥 {error}"
        return ""


def of_row(row: LogHead) -> SignedHead:
    head = Head(
        at=moment(row.at),
        chain_key=row.chain_key,
        sha256=bytes(row.sha256).hex(),
        signing_key=row.signing_key,
        size=row.size,
        sm3=bytes(row.sm3).hex(),
    )
    return SignedHead(head, row.hmac, row.signature)


def signed_head(size: int, roots: tuple[bytes, bytes], at: datetime.datetime) -> SignedHead:
    head = Head(
        at=moment(at),
        chain_key=keys.chain_key_id(),
        sha256=roots[0].hex(),
        signing_key=keys.signing_key_id(),
        size=size,
        sm3=roots[1].hex(),
    )
    data = head.encode()
    return SignedHead(head, keys.chain_mac(head.chain_key, data), keys.sign(data))


@transaction.atomic
def make() -> LogHead | None:
    """The head of all leaves there are, made now unless there is one; None for an empty log."""
    locks.until_commit(locks.LOG)
    size = tree.size()
    last = LogHead.objects.order_by("-size").first()
    if size == 0 or (last and last.size >= size):
        return last
    at = max(timezone.now(), last.at) if last else timezone.now()
    made = signed_head(size, tree.Tree(size).root(), at)
    return LogHead.objects.create(
        size=size,
        sha256=bytes.fromhex(made.head.sha256),
        sm3=bytes.fromhex(made.head.sm3),
        at=at,
        chain_key=made.head.chain_key,
        hmac=made.hmac,
        signing_key=made.head.signing_key,
        signature=made.signature,
    )
