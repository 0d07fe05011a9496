"""Whose chats a person must not decide about: their own, their manager's, their reports'."""

from compliance.models import Alert
from scrm.accounts.models import User


def conflict_of(alert: Alert, actor: User) -> str:
    """Why this person must not decide about this alert; empty when there is nothing against it."""
    return conflict_with(alert.user, actor)


def conflict_with(subject: User, actor: User) -> str:
    if subject.pk == actor.pk:
        return "这是你自己的会话，请由其他合规人员处理。"
    if actor.manager_id is not None and subject.pk == actor.manager_id:
        return "这是你直属上级的会话，请由其他合规人员处理。"
    if subject.manager_id == actor.pk:
        return "这是你直接下属的会话，请由其他合规人员处理。"
    return ""
