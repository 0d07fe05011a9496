"""Names of people never raise an alarm, whatever risky word they sound like."""

from __future__ import annotations

import random

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡林郭何高罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢"
    "傅钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷黎史龙陶贺顾毛郝龚邵万钱严武"
)
GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华建国文辉玲丹萍红鹏飞波斌宇浩凯健俊帆雪梅琳晨佳欣怡雅"
    "婷莉倩颖慧琴云鑫宁瑞晓燕志海春生东林峰新龙玉兰凤洁琪瑶媛思源子涵轩泽睿悦诗梦洁阳光天佑嘉庆福贵"
    "信仙典县先贤现线展占战转保宝西希喜单丹内慕桃蒙微薇威维心馨芯验言燕正政征争账章彰开凯点店"
)
SENTENCES = (
    "您好，我是江城解放大道支行的{n}。您有产品近期到期，资金会自动回到账户。",
    "我是您的客户经理{n}，工作日都在。",
    "{n}您好，网点周六上午营业。",
    "{n}女士，您的卡已经寄出，请留意查收。",
    "您的客户经理{n}会在工作时间回复您。",
    "您好，本月大额存单开放预约，如需预约可直接回复我。{n}",
    "资料已经收到，谢谢{n}。",
    "您到了以后找{n}经理就可以。",
    "祝您生活愉快。\n城东支行 {n}",
    "我同事{n}明天在三号窗口。",
)


def names(count: int, seed: int) -> list[str]:
    rng = random.Random(seed)
    found = [s + a for s in SURNAMES for a in GIVEN]
    found += [s + rng.choice(GIVEN) + rng.choice(GIVEN) for s in SURNAMES for _ in range(140)]
    return rng.sample(sorted(set(found)), count)


def test_names_in_ordinary_sentences_are_clean(engine):
    rng = random.Random(3)
    hits = [
        text
        for name in names(20_000, seed=1)
        for text in (rng.choice(SENTENCES).format(n=name),)
        if (engine.scan(text).severity or 0) >= 1
    ]
    assert not hits


def test_names_that_sound_like_risky_words_in_every_sentence(engine):
    for name in ("郑欣", "陶贤", "范典", "费丹", "陶献", "韦欣", "马正欣", "欧阳正心", "鲍本"):
        for sentence in SENTENCES:
            assert (engine.scan(sentence.format(n=name)).severity or 0) < 1, (name, sentence)


def test_a_surname_is_no_cover_for_the_act(engine):
    for text in (
        "加我韦信，那边说",
        "郑信花了也能做，包下款",
        "可以帮您陶县，一个点",
        "郑信修复，一千块",
    ):
        assert engine.scan(text).severity
