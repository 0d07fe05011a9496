"""Checks of the callbacks: is our address answered as WeCom demands, and does WeCom use it?"""

import datetime

from django.utils import timezone

from channels.doctor.facts import Facts
from channels.doctor.finding import Outcome, fail, ok, warn
from channels.providers.base import ProviderError
from channels.providers.wecom import callback, echo

# WeCom wants the answer to its URL check within a second.
_SLOW_SECONDS = 1.0
_QUIET = datetime.timedelta(days=1)


def own_address(facts: Facts) -> Outcome:
    """A signed echo to our own public address, as WeCom sends it when the URL is saved."""
    who = callback.credentials(facts.app.corp_id, str(facts.app.agent_id))
    if who is None or len(who.aes_key) != 43 or not who.token:
        mend = "设置 WECOM_CALLBACK_TOKEN 与 43 位的 WECOM_CALLBACK_AES_KEY，与管理后台一致。"
        return fail("回调的 Token 或 EncodingAESKey 没有正确配置。", mend)
    mend = f"确认 {facts.callback_url} 从外网可以访问，代理不改写参数与内容。"
    try:
        answer = echo.ask(facts.callback_url, who)
    except ProviderError as error:
        return fail(error.message, mend)
    if not answer.right:
        return fail(f"回调地址没有给出正确的答复（HTTP {answer.status}）。", mend)
    if answer.seconds > _SLOW_SECONDS:
        slow = "企业微信要求 1 秒内答复；检查服务器负载与代理。"
        return warn(f"回调地址答复正确，但用了 {answer.seconds:.1f} 秒。", slow)
    return ok(f"回调地址答复正确，用时 {answer.seconds * 1000:.0f} 毫秒。")


def received(facts: Facts) -> Outcome:
    """How long ago WeCom last called."""
    mend = "在应用「接收消息」中保存回调地址，并在客户联系的接收事件服务器中勾选客户事件。"
    if facts.last_callback_at is None:
        return warn("从未收到企业微信的回调。", mend)
    age = timezone.now() - facts.last_callback_at
    found = f"最近一次回调在 {_spoken(age)}前。"
    return ok(found) if age <= _QUIET else warn(found, mend)


def _spoken(age: datetime.timedelta) -> str:
    seconds = int(age.total_seconds())
    for size, name in ((86400, "天"), (3600, "小时"), (60, "分钟")):
        if seconds >= size:
            return f"{seconds // size} {name}"
    return f"{max(seconds, 0)} 秒"
