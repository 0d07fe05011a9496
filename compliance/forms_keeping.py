"""Forms of holds and purges."""

from typing import Any

from django import forms

from contacts.models import Customer
from scrm.accounts.models import User
from scrm.core.forms import TablerForm


class HoldForm(TablerForm):
    matter = forms.CharField(label="事项", max_length=120)
    reason = forms.CharField(label="理由", max_length=500)
    customer = forms.CharField(label="客户号", max_length=20, required=False)
    user = forms.CharField(label="员工账号", max_length=40, required=False)
    since = forms.DateField(label="从", required=False, widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(label="到", required=False, widget=forms.DateInput({"type": "date"}))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.reader = user
        super().__init__(*args, **kwargs)

    def clean_customer(self) -> Customer | None:
        number = self.cleaned_data["customer"]
        if not number:
            return None
        found = Customer.objects.visible_to(self.reader).filter(number=number).first()
        if found is None:
            raise forms.ValidationError("没有这个客户号，或不在您的机构范围内。")
        return found

    def clean_user(self) -> User | None:
        name = self.cleaned_data["user"]
        if not name:
            return None
        path = self.reader.branch.path
        found = User.objects.filter(username=name, branch__path__startswith=path).first()
        if found is None:
            raise forms.ValidationError("没有这个员工账号，或不在您的机构范围内。")
        return found


class PurgeForm(TablerForm):
    reason = forms.CharField(label="清除理由", max_length=500)


class DecisionForm(TablerForm):
    reason = forms.CharField(label="意见", max_length=500)
    agree = forms.BooleanField(required=False)
