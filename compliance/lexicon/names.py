"""Whether a piece of text is a person's name: 郑欣 sounds like 征信 and is nobody's disguise.

A surname alone proves nothing (many are ordinary words), so its surroundings must fit as well.
"""

from __future__ import annotations

import re

_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡林郭何高罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢"
    "傅钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷黎史龙陶贺顾毛郝龚邵万钱严武洪莫孔向汤常温康施"
    "牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单裴霍涂成苗谷"
    "盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜"
    "冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝官封谈匡"
)
_COMPOUND = ("欧阳", "上官", "司马", "诸葛", "司徒", "东方", "皇甫", "尉迟", "慕容", "令狐", "夏侯")
_HEADS = frozenset(name[0] for name in _COMPOUND)
_TITLE = re.compile(
    "先生|女士|小姐|经理|总|主任|行长|主管|老师|阿姨|叔|大姐|大哥|姐|哥|同志|同学|师傅|奶奶|爷爷|伯|律师|医生"
)
_HELLO = re.compile(
    "[，。]?(?:您好|你好|您早|早上好|早安|上午好|下午好|晚上好|中午好)|敬上|谨上|敬启"
)
# After a role or "I am" a surname begins a name, whatever follows.
_ROLE = re.compile(
    "(?:我是|我叫|名叫|姓名|经理|主管|顾问|专员|柜员|行长|主任|同事|负责人|联系人|助理)[，]?$"
)
# Someone is named here: an introduction, a role, a branch. "我的" and "您的" own a thing instead.
_INTRODUCED = re.compile(
    "(?:叫|谢谢|感谢|拜托|支行|分行|银行|网点|营业部|中心|部|组|岗|落款|署名|找|问|亲爱的|尊敬的|(?<![我您你])的|是)[，]?$"
)
_AFTER = re.compile("$|[，。？]|[您你帮给为在会将来跟和与已也愿祝及的到接陪]")
_OPEN = re.compile("(?:^|[，。？])$")
_END = re.compile("[，。？]?$")


def in_name(text: str, start: int, end: int) -> bool:
    """Whether text[start:end] overlaps a name of two to four characters."""
    for at in range(max(0, start - 3), end):
        size = 2 if text[at] in _HEADS and text.startswith(_COMPOUND, at) else 1
        if size == 1 and text[at] not in _SURNAMES:
            continue
        if any(at + n > start and _named(text, at, at + n) for n in (size + 1, size + 2)):
            return True
    return False


def _named(text: str, start: int, end: int) -> bool:
    if end > len(text) or not all("\u4e00" <= ch <= "\u9fff" for ch in text[start:end]):
        return False
    if _TITLE.match(text, end) or _TITLE.match(text, end - 1):
        return True
    before = text[max(0, start - 5) : start]
    if _ROLE.search(before):
        return True
    if _INTRODUCED.search(before) and _AFTER.match(text, end):
        return True
    # Alone in its clause a name is a salutation or a signature.
    return bool(_OPEN.search(before)) and bool(_HELLO.match(text, end) or _END.match(text, end))
