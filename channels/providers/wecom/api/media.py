"""Files at WeCom: three kinds of upload that cannot stand in for one another, and download.

upload: mass send, welcome, app messages, remark pictures, conclusions; lives 3 days.
upload_attachment: Moments and product album; lives 3 days.
upload_image: an address for ever, for pic_url; 1000 a day.
"""

from channels.providers.wecom.api.family import Family
from channels.providers.wecom.wire import File

FOR_MOMENTS, FOR_ALBUM = 1, 2


class MediaFiles(Family):
    def upload(self, kind: str, file: File) -> str:
        """media_id; `kind`: image, voice, video or file."""
        return str(self.client.upload("media/upload", file, type=kind)["media_id"])

    def upload_attachment(self, kind: str, target: int, file: File) -> str:
        """media_id; `kind`: image, video, or file (album only)."""
        params = {"media_type": kind, "attachment_type": target}
        return str(self.client.upload("media/upload_attachment", file, **params)["media_id"])

    def upload_image(self, file: File) -> str:
        """Permanent address of a PNG or JPEG of at most 2 MB."""
        return str(self.client.upload("media/uploadimg", file)["url"])

    def download(self, media_id: str) -> File:
        data = self.client.download("media/get", media_id=media_id)
        return File(data["filename"], data["content"], data["content_type"])
