"""WeCom's errcodes: what kind of failure each is, and the sentence an administrator reads."""

from channels.providers.base import ErrorClass, ProviderError

P, T, R, C = ErrorClass.PERMANENT, ErrorClass.TRANSIENT, ErrorClass.RATE, ErrorClass.CONFIGURATION

TOKEN_CODES = frozenset({40001, 40014, 42001})

_TABLE: dict[int, tuple[ErrorClass, str]] = {
    -1: (T, "企业微信系统繁忙，稍后自动重试。"),
    6000: (T, "企业微信数据版本冲突，稍后自动重试。"),
    40001: (C, "应用 Secret 不正确，或与企业 ID 不匹配。"),
    40013: (C, "企业 ID 不正确。"),
    40091: (C, "Secret 属于另一家企业。"),
    41002: (C, "缺少企业 ID。"),
    41004: (C, "缺少应用 Secret。"),
    40014: (C, "access_token 无效，刷新后仍被拒绝。"),
    42001: (C, "access_token 过期，刷新后仍被拒绝。"),
    40003: (P, "员工 userid 无效。"),
    40007: (P, "素材 media_id 无效或已过期（3 天）。"),
    40029: (P, "授权码无效或已使用，请重新打开页面。"),
    42003: (P, "授权码已过期，请重新打开页面。"),
    40056: (C, "应用 agentid 不正确。"),
    301002: (C, "应用 agentid 与 token 不匹配。"),
    40058: (P, "请求参数不合规。"),
    40063: (P, "请求参数缺失。"),
    40068: (P, "企业标签不存在。"),
    40071: (P, "标签名称重复。"),
    40096: (P, "外部联系人 ID 无效。"),
    41048: (P, "没有可发送的客户。"),
    41050: (P, "欢迎语凭证已过期（20 秒）。"),
    41051: (P, "欢迎语已由其他应用发送或会话已开始。"),
    41063: (T, "群发任务仍在派发，稍后再读结果。"),
    41093: (P, "群发任务已取消。"),
    41094: (P, "24 小时内提醒次数已达上限。"),
    41096: (T, "欢迎语正由另一请求发送。"),
    45009: (R, "接口调用频率超限，本接口暂停后继续。"),
    45033: (T, "接口并发超限，已降低并发后重试。"),
    46004: (P, "员工不存在。"),
    48002: (C, "应用没有调用该接口的权限，请加入「可调用接口的应用」。"),
    50002: (C, "员工不在应用可见范围。"),
    50003: (C, "应用已被停用。"),
    60011: (C, "没有该员工或部门的权限。"),
    60020: (C, "服务器 IP 不在企业可信 IP 中。"),
    60111: (P, "员工不存在或不可见。"),
    81013: (P, "所有接收人都无效。"),
    84061: (P, "员工与客户没有好友关系。"),
    84074: (P, "员工没有外部联系人权限。"),
    97610: (P, "24 小时内提醒次数已达上限。"),
    97611: (P, "群发任务已不能取消。"),
    301042: (C, "存档：服务器 IP 不在白名单。"),
    301053: (C, "存档：会话内容存档未开通。"),
    701008: (C, "员工没有互通账号许可。"),
}


def error_of(errcode: int) -> ProviderError:
    """The error for a non-zero errcode; an unknown code is permanent, so it is never repeated."""
    kind, sentence = _TABLE.get(errcode, (P, f"企业微信返回错误码 {errcode}。"))
    return ProviderError(sentence, kind, errcode=errcode)
