"""What the nouns share: reading, writing and walking pages, and WeCom's common shapes."""

from collections.abc import Iterator
from typing import Any, NotRequired, TypedDict

from channels.providers.wecom.client import WeComClient

Row = dict[str, Any]


class Image(TypedDict, total=False):
    media_id: str
    # Only from media.upload_image; media_id wins.
    pic_url: str


class Link(TypedDict):
    title: str
    url: str
    picurl: NotRequired[str]
    desc: NotRequired[str]
    # Moments take a picture of their own upload here instead of picurl.
    media_id: NotRequired[str]


class MiniProgram(TypedDict):
    title: str
    pic_media_id: str
    appid: str
    page: str


class Media(TypedDict):
    media_id: str


class Attachment(TypedDict):
    """One of image, link, miniprogram, video, file, named by msgtype."""

    msgtype: str
    image: NotRequired[Image]
    link: NotRequired[Link]
    miniprogram: NotRequired[MiniProgram]
    video: NotRequired[Media]
    file: NotRequired[Media]


class Range(TypedDict, total=False):
    user_list: list[str]
    department_list: list[int]


def given(**fields: Any) -> dict[str, Any]:
    """The fields that were given: WeCom reads an empty field as an order to clear it."""
    return {name: value for name, value in fields.items() if value is not None}


def content(text: str, attachments: list[Attachment] | None) -> dict[str, Any]:
    return given(text={"content": text} if text else None, attachments=attachments or None)


class Family:
    def __init__(self, client: WeComClient) -> None:
        self.client = client

    def _pages(self, path: str, key: str, **body: Any) -> Iterator[Any]:
        """Rows of every page; the cursor ends the walk, never a short page."""
        cursor = ""
        while True:
            data = self.client.read(path, **body, cursor=cursor)
            yield from data.get(key) or []
            cursor = data.get("next_cursor") or ""
            if not cursor:
                return
