"""Branch tree and employees of the demo bank."""

from random import Random

from django.contrib.auth.hashers import make_password

from contacts.demo.names import person
from scrm.accounts.demo import LOGINS, PASSWORD
from scrm.accounts.models import Branch, Role, User

_HEAD = "华信银行总行"
_CITIES = {
    "江城": ("滨江支行", "解放大道支行", "光谷支行", "东湖支行"),
    "海州": ("港口支行", "人民路支行", "开发区支行", "大学城支行"),
    "云岭": ("中心支行", "翠湖支行", "新区支行", "古城支行"),
}


def create_branches() -> tuple[Branch, list[Branch], list[Branch]]:
    """(head office, branches, sub-branches in turn: the first of each branch, then the second)."""
    head = _branch(_HEAD, "0001", Branch.Kind.HEAD, None)
    branches = [
        _branch(f"{city}分行", f"{10 * (n + 1):04d}", Branch.Kind.BRANCH, head)
        for n, city in enumerate(_CITIES)
    ]
    subs = [
        _branch(
            f"{city}{names[turn]}", f"{10 * (n + 1) + turn + 1:04d}", Branch.Kind.SUB, branches[n]
        )
        for turn in range(4)
        for n, (city, names) in enumerate(_CITIES.items())
    ]
    return head, branches, subs


def _branch(name: str, code: str, kind: str, parent: Branch | None) -> Branch:
    row = Branch.objects.create(name=name, code=code, kind=kind, parent=parent, path=f"new-{code}")
    row.path = f"{parent.path if parent else '/'}{row.pk}/"
    row.save(update_fields=["path"])
    return row


def create_leaders(
    head: Branch, branches: list[Branch], first_sub: Branch, random: Random
) -> dict[str, User]:
    """The demo logins by username, and admin and officer of each other branch by its code."""
    password = make_password(PASSWORD)
    places = {
        "rm": first_sub,
        "admin": branches[0],
        "officer": branches[0],
        "officer2": head,
        "hq": head,
        "hq2": head,
        "auditor": head,
    }
    people = {
        login.username: User(
            username=login.username, name=login.name, role=login.role, password=password,
            branch=places[login.username], is_demo=True,
            wecom_userid="rm001" if login.username == "rm" else None,
        )
        for login in LOGINS
    }  # fmt: skip
    for branch in branches[1:]:
        for stem, role in (("admin", Role.BRANCH_ADMIN), ("officer", Role.COMPLIANCE)):
            username = f"{stem}_{branch.code}"
            people[username] = _colleague(username, role, branch, random)
    # The RM reports to the admin, so the admin must have a key first.
    User.objects.bulk_create([user for name, user in people.items() if name != "rm"])
    people["rm"].manager = people["admin"]
    people["rm"].save()
    User.objects.filter(role=Role.BRANCH_ADMIN).update(manager=people["hq"])
    return people


def create_managers(
    subs: list[Branch], count: int, people: dict[str, User], random: Random
) -> list[User]:
    """All relationship managers, the demo login first; spread over the sub-branches."""
    admins = {user.branch_id: user for user in people.values() if user.role == Role.BRANCH_ADMIN}
    others = []
    for n in range(1, count):
        sub = subs[n % len(subs)]
        user = _colleague(f"rm{n + 1:03d}", Role.RM, sub, random)
        user.wecom_userid = user.username
        user.manager = admins[sub.parent_id or 0]
        others.append(user)
    User.objects.bulk_create(others)
    return [people["rm"], *others]


def _colleague(username: str, role: str, branch: Branch, random: Random) -> User:
    # "!": a password hash that nothing matches.
    return User(
        username=username,
        name=person(random)[0],
        role=role,
        branch=branch,
        password="!demo",  # noqa: S106
    )
