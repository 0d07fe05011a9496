"""Forms of the compliance pages."""

from typing import Any

from django import forms

from compliance.archive.content import LABELS
from compliance.selectors.archive import Query
from scrm.core.forms import TablerForm

_MAX_UPLOAD = 2 * 1024 * 1024
TYPE_CHOICES = [("", "全部类型"), *(pair for pair in LABELS.items() if pair[0] != "repeat")]


class SearchForm(TablerForm):
    staff = forms.CharField(label="员工姓名或账号", max_length=40, required=False)
    customer = forms.CharField(label="客户号", max_length=20, required=False)
    words = forms.CharField(
        label="词语",
        max_length=60,
        required=False,
        widget=forms.TextInput({"placeholder": "空格分开，全部包含"}),
    )
    msgtype = forms.ChoiceField(label="消息类型", choices=TYPE_CHOICES, required=False)
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


class ImportForm(TablerForm):
    note = forms.CharField(label="说明", max_length=200, help_text="为什么改，例如：监管通报的话术")
    file = forms.FileField(label="CSV 文件", required=False)
    text = forms.CharField(
        label="或直接粘贴",
        required=False,
        widget=forms.Textarea({"rows": 4, "placeholder": "保本高息,guarantee_return,4"}),
        help_text="每行：词条,类别代码,级别(0–4),性质(risk/benign/alias),规则号,别名目标；后三项可省略",
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data.get("file")
        if file and file.size > _MAX_UPLOAD:
            raise forms.ValidationError("文件超过 2 MB。")
        return file

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["rows"] = _decoded(data["file"].read()) if data.get("file") else data.get("text", "")
        if not data["rows"].strip() and not self.errors:
            raise forms.ValidationError("请选择 CSV 文件，或粘贴词条。")
        return data


def _decoded(raw: bytes) -> str:
    """Excel in Chinese writes GB18030 unless asked for UTF-8."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise forms.ValidationError("文件不是 UTF-8 或 GB18030 编码的文本。")
