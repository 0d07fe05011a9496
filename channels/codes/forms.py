"""Fields of a code that are one value each; people and shifts are in the editor."""

from typing import Any

from django import forms

from channels.codes.drafts import GroupDraft, enterable
from channels.models import ContactWay, GroupCode
from contacts.models import GroupChat, Tag
from scrm.accounts.models import Branch, User
from scrm.core.forms import TablerForm

_CHANNEL = forms.TextInput(attrs={"list": "channels", "autocomplete": "off"})


class _CodeForm(TablerForm):
    name = forms.CharField(
        label="名称", max_length=30, help_text="显示在海报上，也是企业微信里的备注，最多 30 个字。"
    )
    channel = forms.CharField(label="渠道", max_length=30, required=False, widget=_CHANNEL)
    purpose = forms.CharField(
        label="用途", max_length=80, required=False, help_text="例如关联的营销活动名称或编号。"
    )
    branch = forms.ModelChoiceField(Branch.objects.none(), label="机构", empty_label=None)

    def __init__(self, *args: Any, user: User, kept: Branch | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        branches = Branch.objects.visible_to(user)
        if kept is not None:
            branches = branches | Branch.objects.filter(pk=kept.pk)
        self.fields["branch"].queryset = branches  # type: ignore[attr-defined]


class WayForm(_CodeForm):
    daily_cap = forms.IntegerField(
        label="每人每日上限",
        required=False,
        min_value=1,
        max_value=10_000,
        help_text="当天通过这个活码加满后自动下线，零点恢复；留空不限。",
    )
    tags = forms.ModelMultipleChoiceField(
        Tag.objects.live().select_related("group"),
        label="自动标签",
        required=False,
        help_text="扫这个码添加的客户自动打上这些标签。按住 Ctrl 可多选。",
    )
    skip_verify = forms.BooleanField(label="客户添加时无需员工确认", required=False, initial=True)
    is_exclusive = forms.BooleanField(
        label="同一客户只能加其中一位成员（建好后不能改）", required=False, initial=True
    )

    def __init__(
        self, *args: Any, way: ContactWay | None = None, made: bool = False, **kwargs: Any
    ) -> None:
        """`made`: the code exists at WeCom already."""
        super().__init__(*args, kept=way.branch if way else None, **kwargs)
        self.fields["tags"].widget.attrs["size"] = 5
        # WeCom takes it only when the code is made.
        self.fields["is_exclusive"].disabled = made or bool(way and way.config_id)


class GroupForm(_CodeForm):
    chats = forms.ModelMultipleChoiceField(
        GroupChat.objects.none(),
        label="客户群",
        required=False,
        help_text="客户扫码后进入其中一个未满的群，最多 5 个。按住 Ctrl 可多选。",
    )
    auto_create_room = forms.BooleanField(label="群满后自动建新群", required=False, initial=True)
    room_base_name = forms.CharField(
        label="新群名", max_length=40, required=False, help_text="新群叫「新群名 + 序号」。"
    )
    room_base_id = forms.IntegerField(label="起始序号", min_value=1, initial=1)

    def __init__(self, *args: Any, code: GroupCode | None = None, **kwargs: Any) -> None:
        super().__init__(*args, kept=code.branch if code else None, **kwargs)
        chats = enterable(kwargs["user"], code).order_by("name")
        self.fields["chats"].queryset = chats  # type: ignore[attr-defined]
        self.fields["chats"].widget.attrs["size"] = 8

    def draft(self) -> GroupDraft:
        data = dict(self.cleaned_data)
        chats = data.pop("chats")
        return GroupDraft(chat_ids=tuple(chat.chat_id for chat in chats), **data)


def way_initial(way: ContactWay) -> dict[str, Any]:
    names = ("name", "channel", "purpose", "branch", "daily_cap", "skip_verify", "is_exclusive")
    return {name: getattr(way, name) for name in names} | {"tags": list(way.tags.all())}


def group_initial(code: GroupCode) -> dict[str, Any]:
    names = ("name", "channel", "purpose", "branch", "auto_create_room", "room_base_name")
    values = {name: getattr(code, name) for name in names}
    return values | {
        "room_base_id": code.room_base_id,
        "chats": list(GroupChat.objects.filter(chat_id__in=code.chat_ids)),
    }
