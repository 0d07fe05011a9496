"""The form of one material."""

from django import forms

from campaigns.library.materials import MaterialDraft
from campaigns.library.models import Material
from scrm.core.forms import TablerForm


class MaterialForm(TablerForm):
    kind = forms.ChoiceField(label="类型", choices=Material.Kind)
    title = forms.CharField(
        label="标题", max_length=60, help_text="素材库里的名字；小程序卡片上客户也会看到。"
    )
    file = forms.FileField(
        label="文件",
        help_text="图片 JPG/PNG、视频 MP4 ≤ 10 MB；PDF/Word/Excel/PPT ≤ 20 MB；小程序请上传卡片封面图。",
    )
    appid = forms.CharField(label="小程序 AppID（只用于小程序）", max_length=64, required=False)
    page = forms.CharField(
        label="小程序页面（只用于小程序）",
        max_length=300,
        required=False,
        help_text="如 pages/index。",
    )
    valid_until = forms.DateField(
        label="有效期至", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def draft(self) -> MaterialDraft:
        data = dict(self.cleaned_data)
        file = data.pop("file")
        return MaterialDraft(name=file.name, content=file.read(), **data)
