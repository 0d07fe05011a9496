"""The rule language: a JSON tree of {"all": […]}, {"any": […]}, {"not": {…}} and typed conditions.

A condition is {"attr": "aum", "op": ">=", "value": 500000}; some attributes take parameters:
{"attr": "events", "kind": "click", "days": 30, "op": ">=", "value": 2}. What attributes exist is
told by a registry; whatever a registry does not know is an error when the rule is saved. This
module knows no model and no database.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from scrm.core.errors import BusinessError

MAX_DEPTH = 10
MAX_CONDITIONS = 100
GROUPS = {"all": "并且", "any": "或者"}

COMPARE = (">=", "<=", ">", "<", "=", "between")
OPERATORS = {
    ">=": "不低于", "<=": "不超过", ">": "大于", "<": "小于", "=": "等于", "between": "介于",
    "in": "属于", "not_in": "不属于", "has": "有", "has_not": "没有", "within": "以内", "is": "是",
}  # fmt: skip
# Value types: number, count (whole, ≥ 0), days (1…3650), choice, choices and ids (lists), flag.
Options = Callable[[], list[tuple[Any, str]]]


class RuleError(BusinessError):
    """The rule is not understood; the text says where and what to change."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="rule")


@dataclass(frozen=True, slots=True)
class Param:
    name: str
    label: str
    type: str
    options: tuple[tuple[Any, str], ...] = ()
    required: bool = False
    # How the sentence says it; nothing is said of a parameter that is left open.
    words: str = "{}"


@dataclass(frozen=True, slots=True)
class Attribute:
    """What a condition may speak of. `operators` maps each allowed operator to its value's type.

    `options` are the choices; `lookup` names an open set that is read at run time (tag, branch).
    `words` are patterns of {label}, {op}, {value} and the parameters' names, by operator ("" for
    all), for flags by "yes" and "no".
    """

    name: str
    label: str
    operators: Mapping[str, str]
    params: tuple[Param, ...] = ()
    options: tuple[tuple[Any, str], ...] = ()
    lookup: str = ""
    unit: str = ""
    group: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    maximum: float = 1e12


Registry = Mapping[str, Attribute]
# Names of an open set's ids: ("tag", [3, 4]) → {3: "固收+"}; what is missing does not exist.
Names = Callable[[str, Collection[int]], Mapping[int, str]]


def validate(rule: Any, registry: Registry) -> None:
    """Raises RuleError unless every part of the rule is known, well typed and within limits."""
    count = sum(_check_node(node, registry, depth) for node, depth in _walk(rule, 1))
    if count > MAX_CONDITIONS:
        raise RuleError(
            f"一个客群最多 {MAX_CONDITIONS} 个条件，现在有 {count} 个，请拆成几个客群。"
        )


def leaves(rule: Any) -> Iterator[dict[str, Any]]:
    """The conditions of a valid rule."""
    return (node for node, _ in _walk(rule, 1) if "attr" in node)


def _walk(node: Any, depth: int) -> Iterator[tuple[dict[str, Any], int]]:
    """Every node with its depth, parents first; refuses what is too deep before going there."""
    if depth > MAX_DEPTH:
        raise RuleError(f"规则嵌套超过 {MAX_DEPTH} 层，请合并层级。")
    if not isinstance(node, dict):
        raise RuleError("规则的每一部分都必须是条件或条件组。")
    yield node, depth
    for child in _children(node):
        yield from _walk(child, depth + 1)


def _children(node: dict[str, Any]) -> list[Any]:
    for key in GROUPS:
        if key in node:
            return node[key] if isinstance(node[key], list) else []
    return [node["not"]] if "not" in node else []


def _check_node(node: dict[str, Any], registry: Registry, depth: int) -> int:
    """1 for a condition, 0 for a group."""
    if "attr" in node:
        _check_leaf(node, registry)
        return 1
    if len(node) != 1 or next(iter(node)) not in {*GROUPS, "not"}:
        raise RuleError(f"第 {depth} 层有不认识的条件组，只能是「并且」「或者」「不满足」之一。")
    key, value = next(iter(node.items()))
    if key in GROUPS and not isinstance(value, list):
        raise RuleError(f"条件组「{GROUPS[key]}」的内容必须是列表。")
    if key in GROUPS and not value:
        raise RuleError(f"条件组「{GROUPS[key]}」是空的，请添加条件或删除该组。")
    return 0


def _check_leaf(leaf: dict[str, Any], registry: Registry) -> None:
    name = leaf["attr"]
    attribute = registry.get(name) if isinstance(name, str) else None
    if attribute is None:
        raise RuleError(f"不认识的条件「{name}」。")
    op = leaf.get("op")
    if not isinstance(op, str) or op not in attribute.operators:
        allowed = "、".join(OPERATORS[item] for item in attribute.operators)
        raise RuleError(f"条件「{attribute.label}」不能用「{op}」比较，可用：{allowed}。")
    if unknown := set(leaf) - {"attr", "op", "value"} - {param.name for param in attribute.params}:
        raise RuleError(f"条件「{attribute.label}」没有参数「{min(unknown)}」。")
    if "value" not in leaf:
        raise RuleError(f"条件「{attribute.label}」还没有填写值。")
    _check_value(attribute, op, leaf["value"])
    for param in attribute.params:
        _check_param(attribute, param, leaf)


def _check_param(attribute: Attribute, param: Param, leaf: dict[str, Any]) -> None:
    if param.name not in leaf:
        if param.required:
            raise RuleError(f"条件「{attribute.label}」缺少「{param.label}」。")
        return
    _check_typed(
        f"{attribute.label}·{param.label}", param.type, leaf[param.name], param.options, 1e12
    )


def _check_value(attribute: Attribute, op: str, value: Any) -> None:
    kind = attribute.operators[op]
    if op != "between":
        _check_typed(attribute.label, kind, value, attribute.options, attribute.maximum)
        return
    if not isinstance(value, list) or len(value) != 2:
        raise RuleError(f"条件「{attribute.label}」的区间要有起点和终点两个值。")
    for end in value:
        _check_typed(attribute.label, kind, end, attribute.options, attribute.maximum)
    if value[0] > value[1]:
        raise RuleError(f"条件「{attribute.label}」的区间起点大于终点。")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_typed(
    label: str, kind: str, value: Any, options: tuple[tuple[Any, str], ...], maximum: float
) -> None:
    known = {option for option, _ in options}
    if kind == "number" and not (_is_number(value) and -maximum <= value <= maximum):
        raise RuleError(f"条件「{label}」的值必须是数字，现在是「{_shown(value)}」。")
    if kind == "count" and not (_is_whole(value) and 0 <= value <= maximum):
        raise RuleError(f"条件「{label}」的值必须是不小于 0 的整数，现在是「{_shown(value)}」。")
    most = min(3650, int(maximum))
    if kind == "days" and not (_is_whole(value) and 1 <= value <= most):
        raise RuleError(f"条件「{label}」的天数是 1 到 {most} 的整数，现在是「{_shown(value)}」。")
    if kind == "flag" and not isinstance(value, bool):
        raise RuleError(f"条件「{label}」的值只能是「是」或「否」。")
    if kind == "choice" and not (isinstance(value, str | int) and value in known):
        raise RuleError(f"条件「{label}」没有选项「{_shown(value)}」。")
    if kind in {"choices", "ids"}:
        _check_list(label, kind, value, known)


def _check_list(label: str, kind: str, value: Any, known: set[Any]) -> None:
    if not isinstance(value, list):
        raise RuleError(f"条件「{label}」的值必须是选项列表。")
    if not value:
        raise RuleError(f"条件「{label}」至少要选一项。")
    for item in value:
        good = (
            (_is_whole(item) and item > 0)
            if kind == "ids"
            else isinstance(item, str) and item in known
        )
        if not good:
            raise RuleError(f"条件「{label}」没有选项「{_shown(item)}」。")


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 30 else text[:30] + "…"


def sentence(rule: Any, registry: Registry, names: Names) -> str:
    """A valid rule as one Chinese sentence."""
    return f"{_phrase(rule, registry, names, top=True)}的客户"


def _phrase(node: dict[str, Any], registry: Registry, names: Names, top: bool = False) -> str:
    if "attr" in node:
        return _leaf_phrase(node, registry[node["attr"]], names)
    if "not" in node:
        return f"不满足（{_phrase(node['not'], registry, names, top=True)}）"
    key = "all" if "all" in node else "any"
    parts = [_phrase(child, registry, names) for child in node[key]]
    joined = ("，且" if key == "all" else "，或").join(parts)
    return joined if top or len(parts) == 1 else f"（{joined}）"


def _leaf_phrase(leaf: dict[str, Any], attribute: Attribute, names: Names) -> str:
    params = {param.name: _param_text(param, leaf) for param in attribute.params}
    value = _value_text(leaf["value"], attribute, names)
    op = OPERATORS[leaf["op"]]
    pattern = attribute.words.get(_word_key(leaf), attribute.words.get("", "{label}{op} {value}"))
    return pattern.format(label=attribute.label, op=op, value=value, **params)


def _word_key(leaf: dict[str, Any]) -> str:
    """Words may differ by operator, and for flags by the answer."""
    if isinstance(leaf["value"], bool):
        return "yes" if leaf["value"] else "no"
    return str(leaf["op"])


def _param_text(param: Param, leaf: dict[str, Any]) -> str:
    if param.name not in leaf:
        return ""
    value = leaf[param.name]
    text = dict(param.options).get(value, str(value)) if param.options else _number_text(value)
    return param.words.format(text).replace("万 元", "万元")


def _value_text(value: Any, attribute: Attribute, names: Names) -> str:
    if attribute.lookup:
        known = names(attribute.lookup, value)
        return "、".join(f"「{known.get(item, '已删除')}」" for item in value)
    labels = dict(attribute.options)
    if isinstance(value, list) and labels:
        return "、".join(labels.get(item, str(item)) for item in value)
    if labels:
        return str(labels.get(value, value))
    if isinstance(value, bool):
        return ""
    ends = value if isinstance(value, list) else [value]
    return " 到 ".join(_measure(end, attribute.unit) for end in ends)


def _measure(value: float, unit: str) -> str:
    """ "14 天", but "5 万元"."""
    text = _number_text(value)
    return f"{text}{unit}" if text.endswith("万") else f"{text} {unit}".rstrip()


def _number_text(value: float) -> str:
    if abs(value) >= 10_000 and value % 100 == 0:
        return f"{value / 10_000:,.10g} 万"
    return f"{value:,}"
