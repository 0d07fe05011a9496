"""Forms of the lexicon pages."""

from typing import Any

from django import forms

from scrm.core.forms import TablerForm

_MAX_UPLOAD = 2 * 1024 * 1024


class ActivateForm(TablerForm):
    effective_at = forms.DateTimeField(required=False)


class UploadForm(TablerForm):
    """Rows of a file or pasted; cleaned_data["rows"] is their text."""

    file = forms.FileField(label="CSV 文件", required=False)

    def clean_file(self) -> Any:
        file = self.cleaned_data.get("file")
        if file and file.size > _MAX_UPLOAD:
            raise forms.ValidationError("文件超过 2 MB。")
        return file

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["rows"] = _decoded(data["file"].read()) if data.get("file") else data.get("text", "")
        return data


class ImportForm(UploadForm):
    field_order = ("note", "file", "text", "removed")
    note = forms.CharField(label="说明", max_length=200, help_text="为什么改，例如：监管通报的话术")
    text = forms.CharField(
        label="或直接粘贴",
        required=False,
        widget=forms.Textarea({"rows": 4, "placeholder": "保本高息,guarantee_return,4"}),
        help_text="每行：词条,类别代码,级别(0–4),性质(risk/benign/complaint),规则号,别名目标,生效日,失效日；级别之后可省略",
    )

    removed = forms.CharField(
        label="要删除的词",
        required=False,
        widget=forms.Textarea({"rows": 2}),
        help_text="每行一个；生效词库里没有的词会被指出",
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not data["rows"].strip() and not data.get("removed", "").strip() and not self.errors:
            raise forms.ValidationError("请选择 CSV 文件、粘贴词条，或写明要删除的词。")
        return data


class AliasForm(UploadForm):
    field_order = ("note", "text", "file")
    note = forms.CharField(
        label="说明", max_length=200, help_text="为什么改，例如：客户经理用新的表情代替“返点”"
    )
    text = forms.CharField(
        label="新增或修改",
        required=False,
        widget=forms.Textarea({"rows": 4, "placeholder": "🦊,表情符号,飞单"}),
        help_text="每行：别名,性质,代表的词；性质是表情符号、行话俗称、字母缩写或谐音错字",
    )


def _decoded(raw: bytes) -> str:
    """Excel in Chinese writes GB18030 unless asked for UTF-8."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise forms.ValidationError("文件不是 UTF-8 或 GB18030 编码的文本。")
