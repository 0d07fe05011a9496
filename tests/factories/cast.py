"""The named cast of the tests, and the bank around them.

Two branches stand side by side: everything of 北京分行 must be hidden from 上海分行 and the reverse.
alice is an RM of 北京·东城支行, amy her colleague at the next desk, bob an RM of 上海·徐汇支行.
"""

import datetime
from dataclasses import dataclass

from django.utils import timezone

from compliance.lexicons import lexicon_install_starter
from contacts.models import Consent, Customer, ExternalContact, Follow, Product
from scrm.accounts.models import Branch, User
from scrm.core import crypto


@dataclass
class Cast:
    head: Branch
    beijing: Branch
    dongcheng: Branch
    shanghai: Branch
    xuhui: Branch
    alice: User
    amy: User
    bob: User
    admin: User
    admin_shanghai: User
    officer: User
    officer_shanghai: User
    officer_head: User
    hq: User
    auditor: User
    wang: Customer
    zhao: Customer
    li: Customer

    def people(self) -> dict[str, User]:
        """One person of each role."""
        return {
            "rm": self.alice,
            "branch_admin": self.admin,
            "compliance": self.officer,
            "hq_admin": self.hq,
            "auditor": self.auditor,
        }


def branch(name: str, code: str, kind: str, parent: Branch | None) -> Branch:
    row = Branch.objects.create(name=name, code=code, kind=kind, parent=parent, path=f"?{code}")
    row.path = f"{parent.path if parent else '/'}{row.pk}/"
    row.save()
    return row


def user(username: str, name: str, role: str, where: Branch, manager: User | None = None) -> User:
    row = User(username=username, name=name, role=role, branch=where, manager=manager)
    row.wecom_userid = username if role == "rm" else None
    row.set_unusable_password()
    row.save()
    return row


def customer(owner: User, number: str, name: str, **facts: object) -> Customer:
    phone = f"138{int(number[-8:]):08d}"
    defaults: dict[str, object] = {
        "tier": "gold",
        "stage": "active",
        "gender": "F",
        "risk_level": 3,
        "risk_expires_on": timezone.localdate() + datetime.timedelta(days=200),
        "aum": 300_000,
        "phone": phone,
        "phone_index": crypto.phone_index(phone),
        "unionid": f"union-{number}",
        "birthday": datetime.date(1980, 5, 1),
        "opened_on": datetime.date(2015, 1, 1),
    }
    return Customer.objects.create(
        owner=owner, branch=owner.branch, number=number, name=name, **{**defaults, **facts}
    )


def befriend(row: Customer, owner: User | None = None) -> ExternalContact:
    contact, _ = ExternalContact.objects.get_or_create(
        external_userid=f"wm{row.number}",
        defaults={
            "name": row.name,
            "unionid": row.unionid or "",
            "customer": row,
            "matched_by": "unionid",
        },
    )
    now = timezone.now() - datetime.timedelta(days=30)
    Follow.objects.create(user=owner or row.owner, contact=contact, added_at=now, as_of=now)
    return contact


def allow(row: Customer, state: str = "granted") -> Consent:
    return Consent.objects.create(
        customer=row,
        purpose="marketing",
        channel="wecom",
        state=state,
        since=timezone.now(),
        evidence="开户协议",
    )


def product(grade: int = 2, code: str = "P1") -> Product:
    return Product.objects.create(
        code=code,
        name="稳健理财",
        kind="wealth",
        issuer_grade=grade,
        seller_grade=1,
        sale_from=datetime.date(2020, 1, 1),
    )


def make() -> Cast:
    head = branch("总行", "H", "head", None)
    beijing = branch("北京分行", "B1", "branch", head)
    dongcheng = branch("东城支行", "B101", "sub", beijing)
    shanghai = branch("上海分行", "B2", "branch", head)
    xuhui = branch("徐汇支行", "B201", "sub", shanghai)
    admin = user("admin", "周建国", "branch_admin", beijing)
    admin_shanghai = user("admin_sh", "吴敏", "branch_admin", shanghai)
    alice = user("alice", "陈静怡", "rm", dongcheng, admin)
    amy = user("amy", "孙悦", "rm", dongcheng, admin)
    bob = user("bob", "刘洋", "rm", xuhui, admin_shanghai)
    cast = Cast(
        head,
        beijing,
        dongcheng,
        shanghai,
        xuhui,
        alice,
        amy,
        bob,
        admin,
        admin_shanghai,
        officer=user("officer", "沈明哲", "compliance", beijing),
        officer_shanghai=user("officer_sh", "何谨", "compliance", shanghai),
        officer_head=user("officer2", "何清扬", "compliance", head),
        hq=user("hq", "林雅文", "hq_admin", head),
        auditor=user("auditor", "郑守正", "auditor", head),
        wang=customer(alice, "C00000001", "王芳"),
        zhao=customer(amy, "C00000002", "赵磊", gender="M"),
        li=customer(bob, "C00000003", "李娜"),
    )
    lexicon_install_starter()
    return cast
