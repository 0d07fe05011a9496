"""What employees write to our application itself: kept, nobody answers there."""

from channels.inbox.handlers.base import Handlers, kept

HANDLERS: Handlers = {
    ("text", ""): kept("发给应用的文字"),
    ("image", ""): kept("发给应用的图片"),
    ("voice", ""): kept("发给应用的语音"),
    ("video", ""): kept("发给应用的视频"),
    ("location", ""): kept("发给应用的位置"),
    ("link", ""): kept("发给应用的链接"),
}
