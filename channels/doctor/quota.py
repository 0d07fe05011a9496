"""Checks of what is left, as far as WeCom tells."""

import redis

from channels.doctor.facts import Facts
from channels.doctor.finding import Outcome, ok, unknown, warn
from channels.providers.base import ProviderError
from channels.providers.wecom.api import wecom

_LOW = 20


def acquisition(facts: Facts) -> Outcome:
    mend = "在管理后台「获客助手」购买或续期额度。"
    try:
        quota = wecom().acquisition.quota()
    except ProviderError as error:
        if facts.balance_warning:
            return warn(f"企业微信提醒：{facts.balance_warning}。", mend)
        return unknown(error.message, "未使用获客助手时可以忽略；否则检查应用的获客助手权限。")
    found = f"获客助手剩余 {quota['balance']} / {quota['total']} 次。"
    return ok(found) if quota["balance"] > _LOW else warn(found, mend)


def calls(facts: Facts) -> Outcome:
    """WeCom has no call that tells it; what we know is whether it has paused us."""
    try:
        paused = wecom().client.limits.paused()
    except redis.RedisError:
        return warn("Redis 无法访问，调用频率改由各进程自行控制。", "恢复 Redis 服务。")
    if paused:
        found = f"{len(paused)} 个接口因调用超限正在暂停：{'、'.join(paused[:3])}。"
        return warn(found, "等待暂停结束；若经常出现，请减少批量任务或联系企业微信提高上限。")
    return unknown(
        "企业微信不提供群发次数与接口余量的查询，无法得知剩余多少；目前没有接口被限流。",
        "群发以任务结果中的「已达上限」为准；接口超限时本系统会自动暂停并在此提示。",
    )
