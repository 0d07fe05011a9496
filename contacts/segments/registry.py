"""The attributes in the order the editor offers them, and whole rules evaluated with them."""

from collections.abc import Collection, Mapping, Sequence
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import Q

from contacts.models import Tag
from contacts.segments import codes, flows, profile, relations
from contacts.segments.base import Evaluated, Facts, Moment
from scrm.accounts.models import Branch, Role, User
from scrm.core import conditions
from scrm.core.conditions import OPERATORS, Attribute, RuleError

_ALL: tuple[Evaluated, ...] = (
    profile.TIER, profile.AUM, profile.AGE, profile.GENDER, profile.STAGE, profile.RISK_LEVEL,
    profile.RISK_EXPIRED, profile.BIRTHDAY, profile.OPENED_DAYS, profile.BRANCH, profile.OWNER,
    relations.TAG, relations.MATURITY, relations.HOLDING_KIND, relations.HAS_HOLDING,
    flows.TRANSACTION_SUM, flows.TRANSACTION_COUNT, flows.EVENTS,
    profile.CONTACT_GAP, relations.WECOM_FRIEND, relations.LIVE_CODE, relations.CONSENT,
)  # fmt: skip
EVALUATED = {item.attribute.name: item for item in _ALL}
REGISTRY: dict[str, Attribute] = {name: item.attribute for name, item in EVALUATED.items()}


def names_of(lookup: str, ids: Collection[int]) -> Mapping[int, str]:
    """Names of branches, managers, tags or live codes; ids that do not exist are missing."""
    if lookup == "live_code":
        return codes.known().names(ids)
    models: dict[str, Any] = {"branch": Branch, "owner": User, "tag": Tag}
    return dict(models[lookup].objects.filter(pk__in=ids).values_list("pk", "name"))


def check(rule: Any) -> None:
    """Raises RuleError unless the rule is valid and every branch, manager, tag and code in it exists."""
    conditions.validate(rule, REGISTRY)
    for leaf in conditions.leaves(rule):
        attribute = REGISTRY[leaf["attr"]]
        if not attribute.lookup:
            continue
        if missing := set(leaf["value"]) - set(names_of(attribute.lookup, leaf["value"])):
            raise RuleError(f"条件「{attribute.label}」引用了不存在的编号 {min(missing)}。")


def rule_sentence(rule: Any) -> str:
    """A valid rule as one Chinese sentence."""
    return rule_sentences([rule])[0]


def rule_sentences(rules: Sequence[Any]) -> list[str]:
    """Sentences of many valid rules; names are read once per kind, however many rules there are."""
    ids: dict[str, set[int]] = {}
    for rule in rules:
        for leaf in conditions.leaves(rule):
            if lookup := REGISTRY[leaf["attr"]].lookup:
                ids.setdefault(lookup, set()).update(leaf["value"])
    names = {lookup: names_of(lookup, wanted) for lookup, wanted in ids.items()}
    return [conditions.sentence(rule, REGISTRY, lambda lookup, _: names[lookup]) for rule in rules]


def rule_q(rule: Any, moment: Moment) -> Q:
    """A valid rule as a condition on Customer: exact, for filter() and its negation alike."""
    if "attr" in rule:
        return EVALUATED[rule["attr"]].q(rule, moment)
    if "not" in rule:
        return ~rule_q(rule["not"], moment)
    key, join = ("all", and_) if "all" in rule else ("any", or_)
    return reduce(join, (rule_q(child, moment) for child in rule[key]))


def holds(rule: Any, facts: Facts, moment: Moment) -> bool:
    """Whether one customer satisfies a valid rule; agrees with rule_q."""
    if "attr" in rule:
        return EVALUATED[rule["attr"]].holds(rule, facts, moment)
    if "not" in rule:
        return not holds(rule["not"], facts, moment)
    if "all" in rule:
        return all(holds(child, facts, moment) for child in rule["all"])
    return any(holds(child, facts, moment) for child in rule["any"])


def editor_schema(user: User) -> list[dict[str, Any]]:
    """What the editor offers, as JSON; open sets hold what the person may see."""
    return [
        _described(attribute, _lookup_options(attribute.lookup, user))
        for attribute in REGISTRY.values()
    ]


def _lookup_options(lookup: str, user: User) -> list[tuple[int, str]]:
    if lookup == "branch":
        return list(Branch.objects.visible_to(user).values_list("pk", "name"))
    if lookup == "owner":
        return list(User.objects.visible_to(user).filter(role=Role.RM).values_list("pk", "name"))
    if lookup == "tag":
        tags = Tag.objects.live().select_related("group")
        return [(tag.pk, f"{tag.group.name}·{tag.name}") for tag in tags]
    return codes.known().options(user) if lookup == "live_code" else []


def _described(attribute: Attribute, found: list[tuple[int, str]]) -> dict[str, Any]:
    return {
        "name": attribute.name,
        "label": attribute.label,
        "group": attribute.group,
        "unit": attribute.unit,
        "operators": [
            {"name": op, "label": OPERATORS[op], "type": kind}
            for op, kind in attribute.operators.items()
        ],
        "options": found or [[str(value), str(label)] for value, label in attribute.options],
        "params": [
            {
                "name": param.name,
                "label": param.label,
                "type": param.type,
                "required": param.required,
                "options": [[str(value), str(label)] for value, label in param.options],
            }
            for param in attribute.params
        ],
    }
