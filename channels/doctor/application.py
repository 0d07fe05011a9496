"""Checks of the self-built app: its credentials, its address, its rights, its clock."""

import base64
from collections.abc import Callable, Mapping

from channels.doctor.facts import Facts
from channels.doctor.finding import Outcome, fail, ok, unknown, warn
from channels.providers.base import ProviderError
from channels.providers.wecom.api import wecom_app
from channels.providers.wecom.wire import File

_OTHERS_FIRST = "先处理其他异常项，再重新检查。"
_SKEW_WARN, _SKEW_FAIL = 30, 300
# A picture of one pixel.
_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


def judged(act: Callable[[], str], mends: Mapping[int, str]) -> Outcome:
    """In order when `act` returns what was found; failed on the errcodes that are this check's
    matter, and unknown on all others."""
    try:
        return ok(act())
    except ProviderError as error:
        mend = mends.get(error.errcode or 0)
        return fail(error.message, mend) if mend else unknown(error.message, _OTHERS_FIRST)


def reach(facts: Facts) -> Outcome:
    """WeCom answers, and our clock agrees with the Date of its answer."""
    try:
        theirs, ours = wecom_app(facts.app).client.ask_time()
    except ProviderError as error:
        mend = "检查服务器出网、DNS 与防火墙，放行企业微信接口域名（443 端口）。"
        return fail(error.message, mend)
    skew = ours - theirs
    if abs(skew) <= _SKEW_WARN:
        return ok(f"企业微信可以访问，本机时间相差 {abs(skew):.0f} 秒。")
    found = f"本机时间比企业微信{'快' if skew > 0 else '慢'} {abs(skew):.0f} 秒。"
    mend = "为服务器开启 NTP 校时；偏差过大会使回调、授权和签名被拒绝。"
    return (fail if abs(skew) > _SKEW_FAIL else warn)(found, mend)


def corp_id(facts: Facts) -> Outcome:
    if not facts.app.corp_id:
        return fail("没有配置企业 ID。", "设置 WECOM_CORP_ID（管理后台 → 我的企业 → 企业信息）。")
    mend = f"核对 {_setting(facts, 'WECOM_CORP_ID')} 与管理后台「我的企业」中的企业 ID。"
    return judged(lambda: _token(facts, "企业 ID 有效。"), {40013: mend, 41002: mend})


def app_secret(facts: Facts) -> Outcome:
    name = _setting(facts, "WECOM_AGENT_SECRET")
    mend = f"在管理后台打开该自建应用，重新查看 Secret，更新 {name} 后重启服务。"
    blocked = "Secret 多次错误时企业微信会封锁本机 IP 一小时；改正后稍候再试。"
    mends = {40001: mend, 40091: mend, 41004: mend, 45009: blocked}
    return judged(lambda: _token(facts, "应用 Secret 有效，可以取得 access_token。"), mends)


def _setting(facts: Facts, name: str) -> str:
    """Where this application's value comes from."""
    return name if facts.first else f"WECOM_APPLICATIONS 中「{facts.app.name}」的配置"


def _token(facts: Facts, found: str) -> str:
    wecom_app(facts.app).client.ask_token()
    return found


def trusted_ip(facts: Facts) -> Outcome:
    mend = "在该应用的「企业可信 IP」中加入本服务器的出口 IP，约 1 分钟后生效。"
    return judged(lambda: _departments(facts), {60020: mend, 90308: mend})


def _departments(facts: Facts) -> str:
    count = len(wecom_app(facts.app).org.department_ids())
    return f"企业微信接受本服务器的请求，可读取 {count} 个部门。"


def callable_app(facts: Facts) -> Outcome:
    mend = "管理后台 → 客户与上下游 → 客户联系 → API →「可调用接口的应用」中加入本应用。"
    disabled = "在管理后台重新启用该应用。"
    return judged(lambda: _follow_users(facts), {48002: mend, 50003: disabled})


def _follow_users(facts: Facts) -> str:
    count = len(wecom_app(facts.app).follow_users())
    return f"应用可以调用客户联系接口，读到 {count} 位员工。"


def visible_range(facts: Facts) -> Outcome:
    """Everybody whom we know as an employee with customers must be visible to the app."""
    mend = "在应用的「可见范围」加入这些员工或其部门，并为他们开通客户联系功能。"
    try:
        seen = {userid.lower() for userid in wecom_app(facts.app).follow_users()}
    except ProviderError as error:
        return unknown(error.message, _OTHERS_FIRST)
    if not seen:
        return fail("应用看不到任何开通客户联系的员工。", mend)
    missing = sorted(userid for userid in facts.userids if userid.lower() not in seen)
    if not missing:
        known = len(facts.userids)
        return ok(f"本系统登记的 {known} 位员工都在可见范围内（应用共见 {len(seen)} 位）。")
    names = "、".join(missing[:5]) + ("等" if len(missing) > 5 else "")
    return warn(f"{len(missing)} 位员工不在可见范围或没有客户联系功能：{names}。", mend)


def media_upload(facts: Facts) -> Outcome:
    mend = "确认出网代理允许向企业微信上传文件（multipart/form-data）。"
    picture = File("doctor.png", _PIXEL, "image/png")
    try:
        wecom_app(facts.app).media.upload("image", picture)
    except ProviderError as error:
        return fail(error.message, mend) if error.uncertain else unknown(error.message, mend)
    return ok("测试图片上传成功（临时素材，3 天后自动删除）。")
