"""Variables of a content: {客户称呼} and so on, a closed list; an unknown one is an error at save."""

import re
from collections.abc import Callable

from contacts.models import Customer
from scrm.accounts.models import User
from scrm.core.errors import BusinessError

_VARIABLE = re.compile(r"\{([^{}]*)\}")


def _salutation(customer: Customer, sender: User) -> str:
    suffix = {"M": "先生", "F": "女士"}.get(customer.gender, "您好")
    return f"{customer.name[:1]}{suffix}"


# What is said of the employee, and so can be said to anybody.
_OF_SENDER: dict[str, Callable[[User], str]] = {
    "经理姓名": lambda s: s.name,
    "机构名称": lambda s: s.branch.name,
}
# name: (explanation, value, whether each customer gets a text of their own)
VARIABLES: dict[str, tuple[str, Callable[[Customer, User], str], bool]] = {
    "客户称呼": ("王先生 / 李女士", _salutation, True),
    "客户等级": ("大众、金卡、白金…", lambda c, s: str(c.get_tier_display()), False),
    "经理姓名": ("客户经理姓名", lambda c, s: _OF_SENDER["经理姓名"](s), False),
    "机构名称": ("客户经理所在机构", lambda c, s: _OF_SENDER["机构名称"](s), False),
}
LINK = "链接"


def used(body: str) -> list[str]:
    return _VARIABLE.findall(body)


def validate(body: str, *, has_link: bool) -> None:
    """Raises BusinessError naming the first wrong variable, or a link that is missing."""
    for name in used(body):
        if name not in VARIABLES and name != LINK:
            known = "、".join(f"{{{n}}}" for n in [*VARIABLES, LINK])
            raise BusinessError(f"未知变量 {{{name}}}。可用变量：{known}。", code="variable")
    if LINK in used(body) and not has_link:
        raise BusinessError("正文用了 {链接}，请填写跳转链接。", code="link")


def render(body: str, *, customer: Customer, sender: User, link: str = "") -> str:
    """The text that this customer gets from this employee."""

    def value(match: re.Match[str]) -> str:
        name = match[1]
        return link if name == LINK else VARIABLES[name][1](customer, sender)

    return _VARIABLE.sub(value, body)


def of_customers(body: str) -> list[str]:
    """Variables that cannot be filled in for somebody we do not know."""
    return [name for name in used(body) if name != LINK and name not in _OF_SENDER]


def render_for_stranger(body: str, *, sender: User, link: str = "") -> str:
    """The text for a new friend; raises KeyError for a variable that needs to know them."""

    def value(match: re.Match[str]) -> str:
        return link if match[1] == LINK else _OF_SENDER[match[1]](sender)

    return _VARIABLE.sub(value, body)


def is_personal(body: str) -> bool:
    """True when each customer gets another text, so that the RM must confirm each one alone."""
    return any(VARIABLES[name][2] for name in used(body) if name in VARIABLES)
