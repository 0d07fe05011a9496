"""One masker for pages, logs, alerts and exports."""

import re

_ID_NUMBER = re.compile(r"(?<!\d)(\d{6})\d{8}(\d{3}[\dXx])(?!\d)")
_CARD = re.compile(r"(?<!\d)(\d{6})\d{6,9}(\d{4})(?!\d)")
_PHONE = re.compile(r"(?<!\d)(1[3-9]\d)\d{4}(\d{4})(?!\d)")
_SECRET = re.compile(r"(?i)((?:access_token|corpsecret|secret|code|ticket|key)=)[^&\s\"']+")


def phone(value: str) -> str:
    return f"{value[:3]}****{value[-4:]}" if len(value) >= 11 else "*" * len(value)


def id_number(value: str) -> str:
    return (
        f"{value[:1]}{'*' * (len(value) - 2)}{value[-1:]}" if len(value) > 2 else "*" * len(value)
    )


def name(value: str) -> str:
    """王** — enough to recognise whom one knows, too little to learn who it is."""
    return f"{value[:1]}**" if value else "**"


def text(value: str) -> str:
    """Free text with ID numbers, cards, phones and URL secrets masked."""
    value = _SECRET.sub(r"\1***", value)
    value = _ID_NUMBER.sub(r"\1********\2", value)
    value = _CARD.sub(r"\1******\2", value)
    return _PHONE.sub(r"\1****\2", value)
