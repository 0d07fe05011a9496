from django import forms

from campaigns.library.models import CHANNELS, DEFAULT_CHANNELS, ContentVersion
from campaigns.library.selectors import usable_versions
from campaigns.models import Campaign
from contacts.models import Customer, Product, Segment
from scrm.accounts.models import User
from scrm.core.forms import TablerForm


class ContentForm(TablerForm):
    title = forms.CharField(label="标题", max_length=60)
    body = forms.CharField(label="正文", max_length=1300, widget=forms.Textarea(attrs={"rows": 7}))
    link_url = forms.URLField(label="跳转链接", required=False, assume_scheme="https")
    product = forms.ModelChoiceField(label="产品", queryset=Product.objects.all(), required=False)
    valid_from = forms.DateField(
        label="生效日期（留空为今天）",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    valid_until = forms.DateField(
        label="有效期至", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    channels = forms.MultipleChoiceField(
        label="使用渠道（不选为全部）",
        choices=list(CHANNELS.items()),
        initial=DEFAULT_CHANNELS,
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input me-2"}),
    )
    tiers = forms.MultipleChoiceField(
        label="受众等级（不选为全部客户）",
        choices=Customer.Tier.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input me-2"}),
    )


def content_initial(version: ContentVersion) -> dict[str, object]:
    return {
        "title": version.content.title,
        "body": version.body,
        "link_url": version.link_url,
        "product": version.product_id,
        "valid_from": version.valid_from,
        "valid_until": version.valid_until,
        "channels": version.channels,
        "tiers": version.tiers,
    }


class CampaignForm(TablerForm):
    name = forms.CharField(label="活动名称", max_length=60)
    segment = forms.ModelChoiceField(
        label="客群", queryset=Segment.objects.none(), required=False, empty_label="请选择客群"
    )
    versions = forms.ModelMultipleChoiceField(
        label="素材（选多个即为 A/B 方案）", queryset=ContentVersion.objects.none(), required=False
    )
    holdout_percent = forms.IntegerField(label="对照组 %", min_value=0, max_value=50, initial=0)
    starts_at = forms.DateTimeField(
        label="开始时间（留空为启动后立即）",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    ends_on = forms.DateField(
        label="结束日期", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: object, user: User, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["segment"].queryset = Segment.objects.visible_to(user)  # type: ignore[attr-defined]
        self.fields["versions"].queryset = usable_versions(user)  # type: ignore[attr-defined]
        self.fields["versions"].widget.attrs["size"] = 4


def campaign_initial(campaign: Campaign) -> dict[str, object]:
    return {
        "name": campaign.name,
        "segment": campaign.segment_id,
        "versions": [variant.version_id for variant in campaign.variants.all()],
        "holdout_percent": campaign.holdout_percent,
        "starts_at": campaign.starts_at,
        "ends_on": campaign.ends_on,
    }
