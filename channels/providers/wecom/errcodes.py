"""WeCom's errcodes: what kind of failure each is, and the sentence an administrator reads.

The letter before each code's sentence: P permanent (the same call would fail again), T transient,
R rate (the endpoint pauses), C configuration (a person must change something at WeCom or here).
"""

import re

from channels.providers.base import ErrorClass, ProviderError

_CLASSES = {
    "P": ErrorClass.PERMANENT,
    "T": ErrorClass.TRANSIENT,
    "R": ErrorClass.RATE,
    "C": ErrorClass.CONFIGURATION,
}
# Outside of gettoken these mean: ask for a new token once.
TOKEN_CODES = frozenset({40001, 40014, 42001})
_IP_REFUSED = 60020
_IP = re.compile(r"from ip:\s*([0-9a-fA-F.:]+)")

_TABLE = """
-1 T 企业微信系统繁忙，稍后自动重试。
6000 T 企业微信数据版本冲突，稍后自动重试。
40001 C 应用 Secret 不正确，或与企业 ID 不匹配。
40003 P 员工 userid 无效。
40004 P 素材类型与接口不符。
40005 P 文件格式不被接受。
40006 P 文件大小不合规。
40007 P 素材 media_id 无效、已过期（3 天）或来自另一种上传接口。
40008 P 消息类型不被接受。
40009 P 图片大小超过上限。
40011 P 视频大小超过上限。
40013 C 企业 ID 不正确。
40014 C access_token 无效，刷新后仍被拒绝。
40029 P 授权码无效或已使用，请重新打开页面。
40031 P 员工列表中有无效的 userid。
40032 P 员工列表长度不合规。
40033 P 请求内容含有不被接受的字符。
40035 P 请求参数不合规。
40056 C 应用 agentid 不正确。
40058 P 请求参数不合规或过长。
40063 P 请求参数缺失。
40066 P 部门不正确。
40068 P 企业标签或标签组不存在。
40071 P 标签名称重复。
40091 C Secret 属于另一家企业。
40093 P JS-SDK 签名不正确。
40096 P 外部联系人 ID 无效。
40097 P 原跟进人还没有离职。
40098 P 接替成员没有完成实名认证。
40099 P 接替成员的客户数已达上限。
40100 P 客户已在转接中。
40123 P 图片格式不正确。
40126 P 企业标签数量已达上限。
40128 P 客户 90 天内已转接过 2 次。
40129 P 客户正在转接，请等待结果。
40130 P 原跟进人与接替成员是同一人。
40131 P 原跟进人与该客户没有好友关系。
40143 P 成员已被封禁。
41001 P 请求缺少 access_token。
41002 C 缺少企业 ID。
41004 C 缺少应用 Secret。
41006 P 缺少素材 media_id。
41035 P 联系方式的配置数据不合规。
41036 P 联系方式的人员不合规。
41037 P 联系我：缺少类型。
41038 P 联系我：缺少场景。
41039 P 联系我：类型不正确。
41040 P 联系我：场景不正确。
41041 P 联系我：人数超过上限。
41042 P 联系我：样式不正确。
41043 P 缺少配置 config_id。
41044 P 配置 config_id 不存在或不属于本应用。
41045 C 「联系我」与入群方式的总数已达上限。
41046 P 缺少群发任务 msgid。
41047 P 群发任务 msgid 无效。
41048 P 没有可发送的客户。
41049 P 缺少欢迎语凭证。
41050 P 欢迎语凭证已过期（20 秒）。
41051 P 欢迎语已由其他应用发送或会话已开始。
41052 P 客户没有开始会话。
41053 P 客户还没有同意会话存档，同意后会有新的欢迎语凭证。
41054 C 成员没有激活或没有实名认证。
41055 P 入群欢迎语素材已达 100 个。
41056 P 该客户不是微信用户。
41058 P 入群欢迎语素材不属于本应用。
41059 P 缺少朋友圈 ID。
41060 P 朋友圈 ID 无效。
41061 P 朋友圈不属于该成员。
41062 P 该成员还没有发表这条朋友圈。
41063 T 群发任务仍在派发，稍后再读结果。
41064 P 附件数量超过上限。
41065 P 附件类型不被接受。
41066 P 附件内容不合规。
41067 P 朋友圈附件类型不被接受或混用。
41068 P 敏感词列表不合规。
41069 P 敏感词规则已达 100 条。
41070 P 敏感词规则不存在。
41071 P 敏感词规则已被删除。
41072 P 素材不是用附件接口上传的。
41073 P 商品描述不合规。
41074 P 商品已被删除。
41075 P 商品不存在。
41076 P 敏感词规则的适用范围不合规。
41077 P 敏感词规则名称重复。
41078 T 进行中的异步任务过多，稍后自动重试。
41079 T 朋友圈仍在派发，稍后再读。
41080 P 图片或视频大小超过上限。
41081 P 图片分辨率超过上限。
41083 P 敏感词本身不合规。
41084 P 敏感词的语义规则不合规。
41085 P 商品编码不合规。
41086 P 商品价格不合规。
41087 P 商品附件不合规。
41088 P 商品缺少图片。
41089 P 朋友圈内容为空。
41090 P 视频文件不合规。
41091 P 入群方式最多关联 5 个群。
41093 P 群发任务已取消。
41094 P 24 小时内提醒次数已达上限。
41095 C 获客链接数量已达上限。
41096 T 欢迎语正由另一请求发送。
42001 C access_token 过期，刷新后仍被拒绝。
42003 P 授权码已过期，请重新打开页面。
42012 P JS-SDK 凭证属于另一个应用。
43004 P 成员没有绑定微信。
44001 P 上传的文件为空。
44004 P 消息内容为空。
45001 P 文件大小超过上限。
45002 P 消息内容超过长度上限。
45007 P 语音超过 60 秒。
45008 P 图文条数超过 8 条。
45009 R 接口调用频率超限，本接口暂停后继续。
45024 C 企业帐号数量已达上限。
45029 P 返回内容过大，需要分批读取。
45032 P 图文作者超过长度上限。
45033 T 接口并发超限，已降低并发后重试。
45034 P 链接缺少 https:// 等协议。
46004 P 员工不存在。
48002 C 应用没有调用该接口的权限，请加入「可调用接口的应用」。
48004 C 接口授权已失效。
48005 C 接口已停用。
48006 C 接口权限已被收回。
48009 C 新的服务器 IP 不能再用通讯录同步读取员工详情。
50001 C 网页域名不是应用的可信域名。
50002 C 员工不在应用可见范围。
50003 C 应用已被停用。
60003 P 部门不存在。
60011 C 应用没有该员工、部门或标签的权限。
60020 C 服务器 IP 不在企业可信 IP 中。
60021 C 员工不在应用可见范围。
60111 P 员工不存在或不可见。
60123 P 部门 ID 无效。
60136 P 记录不存在。
81011 P 没有修改该标签的权限，只能修改本应用创建的标签。
81012 P 没有接收人。
81013 P 所有接收人都无效。
81017 P 可见人数过多，请按群主分批读取。
82001 P 没有指定接收人。
82002 P 接收员工超过 1000 人。
82003 P 接收部门或标签超过 100 个。
84014 P 员工授权票据已过期，请重新授权。
84015 P 员工授权票据无效，请重新授权。
84061 P 员工与客户没有好友关系。
84074 P 员工没有外部联系人权限。
84083 P 该成员不是客服人员。
84084 P 该成员不是客户的跟进人。
86003 P 群聊 ID 无效。
86004 P 群聊不存在。
86214 P 群发类型不正确。
86215 P 会话 ID 不正确。
86216 P 群聊成员不合规。
86217 P 群聊成员已满。
86220 P 群聊接收人不合规。
90207 C 小程序没有与企业关联。
90308 C 应用开启了 IP 校验，服务器 IP 被拒绝。
90500 P 群主还没有离职。
90501 P 不是客户群。
90502 P 群主已离职，请用离职继承。
90503 P 群成员已满或需要在客户端确认。
90504 P 新群主与原群主是同一人。
90507 P 群聊正在继承中。
90508 P 群聊已被继承。
97610 P 24 小时内提醒次数已达上限。
97611 P 群发任务已不能取消。
97612 P 朋友圈任务已不能取消。
301002 C 应用 agentid 与 token 不匹配。
301042 C 存档：服务器 IP 不在白名单。
301052 C 存档：会话内容存档服务已到期。
301053 C 存档：会话内容存档未开通。
301058 P 存档：一次读取的数据过大，需要减少条数。
301059 P 存档：该接口只能读取内部群。
301060 P 存档：一次最多查询 100 组同意情况。
610004 P 对方不是企业的客户。
610014 P 微信 unionid 无效。
610015 C 企业没有绑定微信开发者帐号。
610016 C 企业没有完成认证。
701008 C 员工没有互通帐号许可。
"""


def _parsed() -> dict[int, tuple[ErrorClass, str]]:
    rows = (line.split(" ", 2) for line in _TABLE.strip().splitlines())
    return {int(code): (_CLASSES[letter], sentence) for code, letter, sentence in rows}


KNOWN = _parsed()


def error_of(errcode: int, errmsg: str = "") -> ProviderError:
    """The error for a non-zero errcode; an unknown code is permanent, so it is never repeated.

    WeCom's own text is used for one thing: to name the address that it does not trust.
    """
    unknown = (ErrorClass.PERMANENT, f"企业微信返回错误码 {errcode}。")
    kind, sentence = KNOWN.get(errcode, unknown)
    address = _IP.search(errmsg) if errcode == _IP_REFUSED else None
    if address:
        sentence = f"服务器 IP {address[1]} 不在企业可信 IP 中。"
    return ProviderError(sentence, kind, errcode=errcode)
