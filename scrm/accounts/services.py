"""Writes over people."""

from django.db import transaction

from scrm.accounts.models import Branch, Role, User
from scrm.audit.services import record
from scrm.core.actors import Actor
from scrm.core.errors import BusinessError


@transaction.atomic
def head_office_ensure(*, name: str, code: str, actor: Actor) -> Branch:
    """The root of the branch tree; made once, on the first day of a real bank."""
    head = Branch.objects.filter(parent=None).first()
    if head is not None:
        return head
    head = Branch.objects.create(name=name, code=code, kind=Branch.Kind.HEAD, path="?")
    head.path = f"/{head.pk}/"
    head.save(update_fields=["path"])
    record("branch.create", actor=actor, obj=head)
    return head


@transaction.atomic
def user_create(
    *, username: str, name: str, role: str, branch: Branch, password: str, actor: Actor
) -> User:
    if User.objects.filter(username=username).exists():
        raise BusinessError(f"登录名 {username} 已存在。")
    if role not in Role.values:
        raise BusinessError(f"没有角色 {role}，可选：{'、'.join(Role.values)}。")
    user = User(username=username, name=name, role=role, branch=branch)
    user.set_password(password)
    user.save()
    record("user.create", actor=actor, obj=user, after={"role": role})
    return user
