"""Ids of people when the bank has more than one corporation at WeCom.

A userid is unique in its corporation only: both may have a "zhangsan". Our rows hold ids of the
first corporation as WeCom gives them, and those of any other with the corporation in front:
"ww2:zhangsan". So an id names one person wherever it stands; an id of a second corporation that
reached the client of the first by mistake is refused by WeCom, as no userid holds a colon, and
can never hit a namesake. Not taken: a column for the corporation beside every id, where one
forgotten filter sends a message to somebody else.
"""

from typing import Any

from django.conf import settings


def local_id(corp_id: str, wecom_id: str) -> str:
    """The id in our rows of a person whom this corporation calls `wecom_id`."""
    if not wecom_id or corp_id in {"", settings.WECOM_CORP_ID}:
        return wecom_id
    return f"{corp_id}:{wecom_id}"


def corp_of(local: str) -> str:
    """The corporation of a person in our rows."""
    corp_id, colon, _ = local.partition(":")
    return corp_id if colon else settings.WECOM_CORP_ID


def wecom_id(local: str) -> str:
    """The id by which the person's own corporation knows them."""
    return local.rpartition(":")[2]


def localized(corp_id: str, row: dict[str, Any], *names: str) -> dict[str, Any]:
    """A row of WeCom's answer with the ids in these fields as our rows hold them."""
    if corp_id in {"", settings.WECOM_CORP_ID}:
        return row
    return {**row, **{name: local_id(corp_id, row[name]) for name in names if row.get(name)}}
