"""Ends of work that WeCom does in the background for us."""

from channels.inbox.handlers.base import Handlers, kept

HANDLERS: Handlers = {
    ("batch_job_result", ""): kept("批量任务完成"),
    ("upload_media_job_finish", ""): kept("素材上传完成"),
}
