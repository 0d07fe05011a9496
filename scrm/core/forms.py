"""Forms render with Tabler's markup from one set of templates."""

from typing import Any

from django.forms import BaseForm, CheckboxInput, Form, ModelForm, Select
from django.forms.renderers import TemplatesSetting


class TablerRenderer(TemplatesSetting):
    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"


def tabler(form: BaseForm) -> None:
    """Gives every widget of a form Tabler's class."""
    for field in form.fields.values():
        widget = field.widget
        css = "form-select" if isinstance(widget, Select) else "form-control"
        if isinstance(widget, CheckboxInput):
            css = "form-check-input"
        widget.attrs.setdefault("class", css)


class TablerForm(Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tabler(self)


class TablerModelForm(ModelForm):  # type: ignore[type-arg]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tabler(self)


def first_error(form: BaseForm) -> str:
    """The first error with its field's label, for messages."""
    for name, errors in form.errors.items():
        label = form.fields[name].label if name in form.fields else ""
        return f"{label}：{errors[0]}" if label else str(errors[0])
    return ""
