"""Does the sentence forbid, refuse, warn of or quote the act? Then a match in it is clean.

A bag of negative words would lose real hits ("don't worry", "don't tell anyone"), so a negation
counts only in the clause of the act and close before it, after reassurances were removed.
"""

from __future__ import annotations

import re

_REACH = 200
_HARD = re.compile(r"[。？]")
# Negative in form, but they push the customer on; never a prohibition.
_REASSURE = re.compile(
    r"(?:不要|不用|不必|无需|别|没必要|不需要)(?:紧|怕|担心|着急|急|犹豫|声张|说出去|说|告诉\w{0,4}|问|跟\w{0,3}说|走漏|多想|多问|紧张|管\w{0,3}|"
    r"等|错过|外传|走\w{0,4}|用\w{0,4}|经\w{0,4}|让\w{0,6}知道|给\w{0,4}看|留)"
    r"|不能错过|别错过|不会让(?!您|你|客户)|不让\w{0,4}知道|没问题|不麻烦|不是外人|不是骗子|不会骗|不骗|又不|没事|不怕|没关系|不会查|没人查|不查|不影响|不收|不花|"
    r"(?<!我们)(?<!行里)(?<!员工)不用\w{0,6}|不必\w{0,4}|无需\w{0,4}|要不|不如|不然|不仅|不但|不光|只不过|不管|不论|不然|不过|差不多|不少|对不起|不错|了不起|特别|分别|级别|别人|"
    r"区别|识别|个别|性别|告别|别的|别处|要不要|能不能|是不是|有没有|可不可以|行不行|好不好|会不会|不方便的话|来不及|不到|不便的话"
)
_NOT = (
    r"(?:不要|请勿|切勿|勿|从未|未曾|未授权|未经|不得|不能|不可以|不可|不会|不准|不许|不应|不该|严禁|禁止|杜绝|拒绝|防止|防范|避免|从不|绝不|决不|从来不|"
    r"无法|不方便|不便|无权|不建议|不支持|不提供|不存在|不参与|不做|不接受|不承诺|不保证|没法|谢绝|婉拒|抵制|远离|莫|别轻信|不轻信|"
    r"没有人|没人|谁也|谁都|哪有人|没有谁|不宜|不允许|不让|不敢|不碰|不涉及|不办理|不代|不替|不帮|不收|不索|不提供|任何人不|制止|打击|整治|举报|警惕|谨防|提防|当心|"
    r"小心|识别|识破|揭秘|拆穿|认清)"
)
_BEFORE = re.compile(_NOT + r"[^，。？]{0,10}$")
_BEFORE_SHORT = re.compile(
    r"(?:不|非|没|没有|别|不是|并非|并不|并没有|未|未曾|无|休想|哪有)[^，。？]{0,3}$"
)
_STRICT = re.compile(
    r"(?:请勿|切勿|严禁|禁止|不得|杜绝|谨防|警惕|防范|提防|当心|举报)[^。？]{0,16}$"
)
_FRAME = re.compile(
    r"(?:如果|要是|若|凡是|但凡|遇到|一旦|碰到)[^，。？]{0,6}(?:有人|陌生人|对方|员工|客户经理|中介|谁)|有人[^，。？]{2,16}的话|陌生人|自称|骗子|诈骗|骗局|冒充|假冒|不法分子|犯罪分子|违法分子|反诈|防骗|上当|受骗|被骗|陷阱|谨防|警惕|防范|提防|当心|"
    r"非法集资(?!资)|典型案例|警方|公安|民警|法院|银监(?:会|局)?(?:提示|提醒|通报|发布)|曝光|通报|风险提示|温馨提示|安全提示|友情提醒|警示|投教|宣传月|消保|培训|学习材料|课程"
)
_UNFRAME = re.compile(
    r"不是骗子|不会骗|不骗|没骗|又不骗|骗您干|骗你干|怎么会骗|不是诈骗|私下|别说|别告诉|不算|不违|没违|不犯法|合法的|绕开|绕过|躲|避开|不让|应付|糊弄|瞒|就说|咬定|口径"
)
_CONDEMN = re.compile(
    r"(?:是|属于|属|都是|就是|涉嫌|构成|算|均属|也是|这是|那是|会是|等于|可能是)?[^，。？]{0,6}(?:违规|违法|犯罪|犯法|诈骗|骗局|骗人|骗子|陷阱|套路|红线|"
    r"高压线|骗贷|骗人|骗钱|圈套|欺诈|字眼|旗号|幌子|噱头|假的|不可信|不合规|不合法|禁止|严禁|不允许|不被允许|不可取|明令|不受保护|虚假|不存在|谣言)"
    r"|(?:会|将|要|会被|将被|要被|可能|可能会|一律|一经)[^，。？]{0,8}(?:处罚|追究|追责|降额|封卡|冻结|惩戒|判刑|开除|坐牢|罚款|严肃处理|"
    r"承担|影响.{0,3}征信|影响.{0,2}信用|判|吃官司|被盗刷|连累|牵连|担责|处分|解雇|止付|处理|解除|问责|纳入|立案|损失|亏损|举报)"
    r"|被判|判了|被开除|被抓|坐了|被处分|已经没有|打破|早就没有|现在没有|已经取消|停售了|核实|个心眼|风险(?:很|较|极|太|非常|特别)?(?:大|高)|请?您?谨慎|别加|别进|别碰|帮信|1?110|过去式|已经?打破|已被打破|退出历史|成为历史|一去不复返|不复存在|请?(?:及时|立即|马上)?(?:报警|举报|挂断|拨打|拒绝)|千万别信|别信|不要信|勿信|不要相信|"
    r"不要轻信|别轻信|勿轻信|不要当真|别当真|别答应|不要答应|别同意|别理会|一概不理|拒绝|是没有的|是不存在的|要报备|需报备|可以?(?:举报|投诉|报警)|要小心|千万小心|务必小心|直接挂断|挂掉|法律责任|法律后果|多想想|留个心|要小心|要当心|得小心|都是托|是托|割韭菜|杀猪盘|赶紧退|快退群|退群|退出群|也能查到|也查得到|都查得到|能恢复|有据可查|会(?:进|上|被?列入)[^，。？]{0,3}(?:黑名单|征信)|不要理|别理|不能信|切勿|请勿|谨防|风险自担|罪"
)
# Inside the match itself: "we are unable to …" between actor and act.
_INSIDE = re.compile(
    r"(?<!不)(?<!不算)(?:是|属于|属|涉嫌|构成)(?:严重|明确|典型)?的?(?:违规|违法|犯罪|红线|诈骗|骗局)|没有(?:个人|私人)|我们?(?:可|都|也|真|就|从|从来|绝|绝对|一般|是)?不(?:用|加|给|留|做|接|碰|搞|卖|推|借)(?!您|你)|我们?(?:都|也|真|绝对|绝)?不会(?!亏|赔|跌|骗|让|害|少|跑|坑|收您|忘)|无权|无法|不能|不得|不可以|不要|请勿|切勿|严禁|禁止|不便|不替|不帮|不代|不收|不提供|没法|不允许|不可|杜绝|不准|不许|拒绝|从不|绝不(?!会?亏|会?赔|会?跌)"
)
# "…, don't add private numbers": the last clause of the match forbids what the first one began.
_LAST = re.compile(
    r"^(?:也|就|请|您|你|千万|可|更|都|绝对|一定|但|且)*(?:别|不要|请勿|切勿|勿|不能|不可|不得|不许|无需多)"
)
# Right behind the match: "other people's accounts I am not allowed to …".
_NEXT = re.compile(
    r"^(?:我|我们|也|都|是|可|真|一律|并|这边|实在|确实)*(?:无权|无法|不便|没法|不得|恕|概不|不允许|不可以|不能(?!错过|跟|说|让|告诉|再等|等|少|断|亏))"
    r"|^(?:我们|我|这边|行里|我行|本行|我们行|咱们|咱们行|这个|这种|这些)*(?:真的?|可|确实|都)?(?:做不了|办不了|帮不了|没有(?!问题|风险)|不做|不办|不支持|不提供|不接|不搞|没做过)"
    r"|^[^，。？]{0,4}(?:都|也|一律|绝对|一概|统统)不(?:能|可|得|许|准|收|要|做|碰|接)(?!少|错过|跟|说|让|告诉|等|亏)"
)
# Somebody else's words or acts, told as a case: an insult told is no insult.
_TOLD = re.compile(
    r"(?:有人|别人|谁|他们|催收|对方)[^，。？]{0,4}(?:骂|说|威胁|辱骂|喊)[^。？]{0,4}$"
)
# "… can't be had": but a loss that cannot happen is a promise.
_CANNOT = ("不下来", "不了", "不到", "不过", "不成")
_BAD = "亏赔跌少丢损错跑逃掉"
# "Don't touch that" somewhere ahead in the same sentence.
_AVOID = re.compile(
    r"(?:别|不要|勿|切勿|不能|不可)(?:去|再|轻易|随便)?(?:碰|信|轻信|参与|理会|理睬|相信|上当|沾|搭理|尝试|当真)[^。？]{0,12}$"
)
# "Money don't send to …": inside one clause only, or "don't send it there, send it me" would pass.
_DONT = re.compile("(?<![识特区分级个性告类辨])别(?=[打转汇付发交信进加碰点填输借租卖])")
_DOUBLE = re.compile(
    r"(?:不可能|不是|我们不做|我们从不|我不能|规定不能|不提供|打击|并非|并不|不代表|不等于|不意味着?|不存在|没有哪|没有任何|谁也|没人|没有人|不能保证|不敢保证|无法保证|不保证|不承诺|"
    r"无法承诺|不能承诺|不允许|不能说|不得|不会说|所谓|宣称|声称|号称|吹嘘|鼓吹|不要相信|别信|别听|勿信|不要听)[^，。？]{0,8}$"
)
# The thing itself is gone; said right after it, or it would clear a promise further ahead.
_GONE = re.compile(
    r"[^，。？]{0,4}(?:早就?|已经?|都)(?:退出|停发|停售|不卖|不发|不做|没有)了?|[^，。？]{0,4}不再发行"
)
_CONSEQUENCE = re.compile(
    r"(?:会|将|会被|将被|要被|一律|一经)[^，。？]{0,3}(?:处罚|追究|追责|降额|封卡|冻结|惩戒|判刑|开除|坐牢|罚款|问责|立案|止付)"
)
_REFUSE = re.compile(
    r"(?:我|我们|咱们|咱|行里|银行|这边|本行|我行|这个|这|这事|那个|恕|抱歉|对不起|不好意思|真的|确实|可|都|也|是|实在|规定|按规定|制度|员工)?"
    r"(?:不行|不可以|不能|不允许|不做|不干|不敢|不会|做不了|办不了|帮不了|帮不上|没法|无法|不合适|不合规|不接|不收|不方便|没有|没这|不支持|不提供|"
    r"违规|违反|是违|恕|婉拒|谢绝|爱莫能助|不许|不准|不存在|不好|做不到|不负责|不代表|不保证)"
)
_BUT = re.compile(
    r"但|不过|可是|可以变通|没关系|没事|也行|偷偷|悄悄|私下|别怕|也不怕|又怎样|无所谓|睁一只|帮您绕|我有办法|有门路|也能|照样"
)


def sentence(text: str, start: int, end: int) -> tuple[int, int]:
    left = max(text.rfind("。", 0, start), text.rfind("？", 0, start)) + 1
    stop = _HARD.search(text, end)
    return left, stop.start() if stop else len(text)


def _forbidden_before(text: str, left: int, start: int, own_negation: bool) -> bool:
    clause = max(left, text.rfind("，", left, start) + 1)
    before = _REASSURE.sub("", text[clause:start])
    if own_negation:
        return bool(_STRICT.search(before) or _DOUBLE.search(before))
    return bool(
        _BEFORE.search(before) or _BEFORE_SHORT.search(before) or _STRICT.search(text[left:start])
    )


def _condemned_after(text: str, start: int, end: int, right: int) -> bool:
    if text[right : right + 1] == "？":  # "inside news? just hang up"
        right = sentence(text, right + 1, right + 1)[1]
    after = _REASSURE.sub("", text[end : min(right, end + 24)])
    found = _GONE.match(after) or _CONDEMN.search(after) or _CONSEQUENCE.search(text[start:right])
    if not found or _UNFRAME.search(after):
        return False
    return not _BUT.search(found.string[found.end() :])


def _refused_after(text: str, end: int, right: int) -> bool:
    """'…, we do not do that' after a comma, or the answer to a quoted question."""
    tail = text[end : right + 1 + 14]
    cut = re.search(r"[，？。]", tail)
    if not cut:
        return False
    if cut.group() == "。":
        return False
    answer = _REASSURE.sub("", tail[cut.end() : cut.end() + 16])
    found = _REFUSE.match(answer)
    return bool(found) and not _BUT.search(answer)


def forbids(sentence: str) -> bool:
    """Whether a sentence carries a prohibition or a refusal of its own."""
    return bool(_INSIDE.search(_REASSURE.sub("", sentence)))


def framed(text: str) -> bool:
    """The whole message warns or teaches: fraud words, notices, training."""
    return bool(_FRAME.search(text)) and not _UNFRAME.search(text)


def cleared(text: str, start: int, end: int, mode: str) -> bool:
    """Whether polarity makes the match text[start:end] clean."""
    if mode == "x":
        return bool(_TOLD.search(text[max(0, start - 12) : start]))
    # A warning far away in a long text neither clears this clause nor costs time.
    cut = max(0, start - _REACH)
    text, start, end = text[cut : end + _REACH], start - cut, end - cut
    if mode == "p" and _DONT.search(text, start, end) and "，" not in text[start:end]:
        return True
    if mode == "p" and _INSIDE.search(_REASSURE.sub("", text[start:end])):
        return True
    left, right = sentence(text, start, end)
    if _forbidden_before(text, left, start, mode == "s") or _condemned_after(
        text, start, end, right
    ):
        return True
    return framed(text) or (mode == "p" and _refused(text, left, start, end, right))


def _refused(text: str, left: int, start: int, end: int, right: int) -> bool:
    clause = text.rfind("，", start, end) + 1
    if clause and _LAST.search(_REASSURE.sub("", text[clause:end])):
        return True
    if text[end - 1] not in _BAD and text.startswith(_CANNOT, end):
        return True
    if _AVOID.search(text[left:start]) or _NEXT.search(text[end : end + 8]):
        return True
    return _refused_after(text, end, right)
