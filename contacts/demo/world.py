"""The demo bank as WeCom sees it: what the WeCom sandbox is filled with."""

import datetime
import hashlib
from collections import defaultdict
from typing import Any

from django.utils import timezone

from contacts.models import Customer
from scrm.accounts.models import Branch, User

# Per hundred customers: how many have added a manager, and what WeCom tells of them.
_ADDED = 85
_SECOND_MANAGER = 5
_STRANGERS = 3
# Ways of adding as WeCom numbers them: code scanned, phone searched, card shared, group, shared.
_WAYS = (1, 1, 1, 2, 3, 4, 202)
_CHANNELS = ("", "", "", "lobby-qr", "poster-a", "live-2026")
# Numbers of the first branch and its sub-branches (contacts.demo.staff).
_FIRST = "001"
_NICKNAMES = (
    "晴天",
    "Lucky",
    "老{}",
    "{}先生",
    "小{}",
    "{}姐",
    "知足常乐",
    "岁月静好",
    "{}家长",
    "行者",
)


def wecom_world(limit: int | None = None) -> dict[str, Any]:
    """World JSON of the first `limit` customers (all): departments, members, contacts, tag_groups.

    The same bank gives the same world; a customer's part does not depend on `limit`.
    """
    team = _team()
    contacts = _contacts(limit, team)
    return {
        "departments": [
            {"id": row.pk, "name": row.name, "parentid": row.parent_id or 0}
            for row in Branch.objects.order_by("path")
        ],
        "members": [_member(user) for users in team.values() for user in users],
        "contacts": contacts,
        "tag_groups": [_INTENT],
        "groups": _groups(contacts, team),
    }


# Tags that the administrator made in WeCom, and how many of 256 friends carry one.
_TAG_IDS = [f"et{hashlib.sha256(b'tag%d' % n).hexdigest()[:30]}" for n in range(3)]
_INTENT = {
    "group_id": "et" + hashlib.sha256(b"intent").hexdigest()[:30],
    "group_name": "客户意向",
    "tag": [
        {"id": key, "name": name}
        for key, name in zip(_TAG_IDS, ("高意向", "待跟进", "暂无意向"), strict=True)
    ],
}
_MARKED = 77
_GROUP_NAMES = ("理财交流群", "财富沙龙群", "社区金融服务群")
_GROUP_SIZE = 12


def _groups(contacts: list[dict[str, Any]], team: dict[int, list[User]]) -> list[dict[str, Any]]:
    """A group of every third manager with some customers of theirs."""
    friends: dict[str, list[str]] = defaultdict(list)
    for contact in contacts:
        friends[contact["follows"][0]["userid"]].append(contact["external_userid"])
    owners = [user for users in team.values() for user in users if friends[str(user.wecom_userid)]]
    return [
        {
            "chat_id": "wr" + hashlib.sha256(f"group{user.wecom_userid}".encode()).hexdigest()[:30],
            "owner": user.wecom_userid,
            "name": f"{user.branch.name}{_GROUP_NAMES[place % 3]}",
            "notice": "群内不讨论具体收益承诺，业务办理请到网点或手机银行。",
            "members": friends[str(user.wecom_userid)][:_GROUP_SIZE],
        }
        for place, user in enumerate(owners[::3])
    ]


def external_userid(number: str) -> str:
    """WeCom's id of the customer with that number."""
    return "wm" + hashlib.sha256(b"contact" + number.encode()).hexdigest()[:30]


def _team() -> dict[int, list[User]]:
    """Employees who are in WeCom, by branch."""
    team: dict[int, list[User]] = defaultdict(list)
    people = User.objects.filter(wecom_userid__isnull=False, is_active=True)
    for user in people.select_related("branch").order_by("pk"):
        team[user.branch_id].append(user)
    return team


def _member(user: User) -> dict[str, Any]:
    return {
        "userid": user.wecom_userid,
        "name": user.name,
        "department": [user.branch_id],
        "position": user.get_role_display(),
    }


def _contacts(limit: int | None, team: dict[int, list[User]]) -> list[dict[str, Any]]:
    rows = Customer.objects.select_related("owner").order_by("pk")
    rows = rows if limit is None else rows[:limit]
    now = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    found = (_contact(row, team, now) for row in rows.iterator(2000))
    return [contact for contact in found if contact is not None]


def _contact(
    customer: Customer, team: dict[int, list[User]], now: datetime.datetime
) -> dict[str, Any] | None:
    # Independent draws from one hash: whether added, how known, by whom, when.
    draw = hashlib.sha256(b"world" + customer.number.encode()).digest()
    if draw[0] * 100 // 256 >= _ADDED or customer.owner.wecom_userid is None:
        return None
    known = draw[1] * 100 // 256
    tells_unionid = known < 50 and customer.unionid is not None
    tells_phone = not tells_unionid and known < 100 - _STRANGERS
    follows = [
        _follow(user, customer, tells_phone, draw, now) for user in _followers(customer, team, draw)
    ]
    return {
        "external_userid": external_userid(customer.number),
        "name": _nickname(customer, draw),
        "unionid": customer.unionid if tells_unionid else "",
        "gender": {"M": 1, "F": 2}.get(customer.gender, 0),
        "follows": follows,
    }


def _followers(customer: Customer, team: dict[int, list[User]], draw: bytes) -> list[User]:
    colleagues = [user for user in team[customer.owner.branch_id] if user.pk != customer.owner_id]
    if colleagues and draw[2] * 100 // 256 < _SECOND_MANAGER:
        return [customer.owner, colleagues[draw[3] % len(colleagues)]]
    return [customer.owner]


def _follow(
    user: User, customer: Customer, tells_phone: bool, draw: bytes, now: datetime.datetime
) -> dict[str, Any]:
    added = now - datetime.timedelta(days=1 + (draw[4] * 256 + draw[5]) % 500, minutes=draw[6] * 3)
    return {
        "userid": user.wecom_userid,
        "remark": customer.name if tells_phone else "",
        "remark_mobiles": [customer.phone] if tells_phone else [],
        "state": _channel(user, draw),
        "add_way": _WAYS[draw[8] % len(_WAYS)],
        "createtime": int(added.timestamp()),
        "tag_id": [_TAG_IDS[draw[11] % 3]] if draw[12] < _MARKED else [],
    }


def _channel(user: User, draw: bytes) -> str:
    """The live code that was scanned; only the first branch has hung any up."""
    return _CHANNELS[draw[7] % len(_CHANNELS)] if user.branch.code.startswith(_FIRST) else ""


def _nickname(customer: Customer, draw: bytes) -> str:
    """Half use their own name in WeChat, half something else."""
    if draw[9] < 128:
        return customer.name
    return _NICKNAMES[draw[10] % len(_NICKNAMES)].format(customer.name[0])
