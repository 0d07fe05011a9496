"""Names, phones and numbers of people who do not exist."""

import datetime
import hashlib
from random import Random

_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢"
    "傅钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷黎史龙陶贺顾毛郝龚邵万钱严覃武孔向汤"
)
# The most common surnames cover most people.
_COMMON = _SURNAMES[:24]
_FEMALE = "静怡雅文婷雪琳佳慧芳敏丽娟秀英红燕玲玉兰梅洁颖欣悦萱涵诗琪梦瑶思雨嘉宁晓彤若曦"
_MALE = "伟强磊军勇杰涛明超刚平辉健斌波鹏飞宇浩然俊哲志远建国文博泽楠子轩皓宸嘉诚思源晨"
_PREFIXES = (
    "135",
    "136",
    "137",
    "138",
    "139",
    "150",
    "158",
    "159",
    "166",
    "177",
    "186",
    "187",
    "189",
    "199",
)
# Province 42 with a county number that is not assigned: valid in form, nobody's number.
_AREA = "420199"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"


def person(random: Random) -> tuple[str, str]:
    """(name, gender "M" or "F")."""
    draw = random.random
    pool = _COMMON if draw() < 0.7 else _SURNAMES
    surname = pool[int(draw() * len(pool))]
    female = draw() < 0.5
    letters = _FEMALE if female else _MALE
    given = letters[int(draw() * len(letters))]
    if draw() < 0.75:
        given += letters[int(draw() * len(letters))]
    return surname + given, "F" if female else "M"


def phone(index: int, random: Random) -> str:
    """A number that no other index has: the last eight digits are a permutation of the index."""
    tail = (index * 48_271 + 20_011_213) % 100_000_000
    return f"{_PREFIXES[int(random.random() * len(_PREFIXES))]}{tail:08d}"


def id_number(birthday: datetime.date, gender: str, random: Random) -> str:
    """18 characters with a valid check digit; the 17th is odd for men."""
    order = int(random.random() * 500) * 2 + (1 if gender == "M" else 0)
    body = f"{_AREA}{birthday:%Y%m%d}{order:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True))
    return body + _CHECK[total % 11]


def unionid(number: str) -> str:
    return "o6" + hashlib.sha256(b"unionid" + number.encode()).hexdigest()[:26]
