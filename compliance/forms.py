"""Forms of the compliance pages."""

from functools import partial
from typing import Any

from django import forms

from compliance.archive.content import LABELS
from compliance.names import category_choices
from compliance.selectors.search import DIRECTIONS, HITS, Query
from scrm.accounts.models import Branch, User
from scrm.core.forms import TablerForm
from scrm.core.limits import number

TYPE_CHOICES = [("", "全部类型"), *(pair for pair in LABELS.items() if pair[0] != "repeat")]


class SearchForm(TablerForm):
    staff = forms.CharField(label="员工姓名或账号", max_length=40, required=False)
    customer = forms.CharField(label="客户号", max_length=20, required=False)
    words = forms.CharField(
        label="词语",
        max_length=60,
        required=False,
        widget=forms.TextInput({"placeholder": '保本 "零风险" -国债'}),
    )
    msgtype = forms.ChoiceField(label="消息类型", choices=TYPE_CHOICES, required=False)
    direction = forms.ChoiceField(
        label="方向",
        choices=[("", "全部"), *DIRECTIONS.items()],
        required=False,
    )
    hits = forms.ChoiceField(
        label="扫描结果",
        choices=[("", "全部"), *HITS.items()],
        required=False,
    )
    since = forms.DateField(label="从", required=False, widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(label="到", required=False, widget=forms.DateInput({"type": "date"}))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        since, until = data.get("since"), data.get("until")
        if since and until and since > until:
            raise forms.ValidationError("开始日期晚于结束日期。")
        return data

    def query(self) -> Query:
        return Query(**self.cleaned_data)


DAY = forms.DateInput({"type": "date"}, format="%Y-%m-%d")


class AutoRuleForm(TablerForm):
    name = forms.CharField(label="名称", max_length=60)
    category = forms.ChoiceField(
        label="类别", choices=[("", "不限"), *category_choices()], required=False
    )
    rule_code = forms.CharField(label="命中的规则编号", max_length=60, required=False)
    phrase = forms.CharField(label="消息包含", max_length=60, required=False)
    content_id = forms.IntegerField(
        label="已审批素材的版本编号", required=False, help_text="消息全文与它一致才排除"
    )
    branch = forms.ModelChoiceField(
        label="员工所在机构（含下级）", queryset=Branch.objects.none(), required=False,
        empty_label="本机构",
    )  # fmt: skip
    max_severity = forms.TypedChoiceField(
        label="最高级别", choices=[(1, "S1 提示"), (0, "S0 观察")], coerce=int, initial=1
    )
    why = forms.CharField(label="为什么不需要人工处理", max_length=300)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["branch"].queryset = Branch.objects.visible_to(user)  # type: ignore[attr-defined]


class SamplingForm(TablerForm):
    name = forms.CharField(label="名称", max_length=60)
    branch = forms.ModelChoiceField(label="机构（含下级）", queryset=Branch.objects.none())
    since = forms.DateField(label="会话日期从", widget=DAY)
    until = forms.DateField(label="到", widget=DAY)
    percent = forms.DecimalField(
        label="抽样比例 %",
        min_value=0.01,
        max_value=100,
        decimal_places=2,
        initial=partial(number, "SAMPLING_PERCENT"),
    )
    minimum = forms.IntegerField(
        label="每层至少", min_value=0, max_value=50, initial=partial(number, "SAMPLING_MINIMUM")
    )
    seed = forms.CharField(
        label="随机种子（留空自动生成）", max_length=32, required=False,
        help_text="同一种子、同一范围得到同一批样本",
    )  # fmt: skip

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["branch"].queryset = Branch.objects.visible_to(user)  # type: ignore[attr-defined]
