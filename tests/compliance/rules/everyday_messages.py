"""Ordinary messages from templates that the wording model has never seen."""

from __future__ import annotations

import random
from collections.abc import Iterator

SLOTS = {
    "who": ["王先生", "李女士", "陈姐", "张总", "刘阿姨", "赵老师", "您", "周工", "孙大爷", "亲"],
    "when": [
        "明早",
        "今天下午",
        "周四",
        "下周一上午",
        "月底前",
        "后天中午",
        "16号",
        "这两天",
        "晚些时候",
        "节后",
    ],
    "where": ["一楼大厅", "支行门口", "贵宾区", "五号柜台", "滨江网点", "自助银行", "二楼会议室"],
    "what": [
        "对账单",
        "新卡",
        "回单",
        "存款证明",
        "合同",
        "开户许可",
        "网银盾",
        "工资单",
        "发票",
        "体检券",
        "台历",
        "春联",
    ],
    "item": [
        "定期",
        "大额存单",
        "养老金账户",
        "信用卡",
        "房贷",
        "理财",
        "基金定投",
        "国债",
        "外币存款",
        "社保卡",
    ],
    "n": [str(n) for n in range(2, 30)],
}
TEMPLATES = [
    "{who}，{what}我放在{where}了，{when}来取就好",
    "{when}{where}人不多，您可以过来",
    "{item}的资料我整理好了，{when}给您看",
    "{who}好，{when}降温，出门多穿点",
    "刚看到您的消息，{item}的事我问下同事再回您",
    "{item}利率这个月没有调整",
    "麻烦把{what}拍清楚一点，有些反光",
    "您的{item}{when}到期，短信会提醒",
    "{where}的打印机修好了，{what}可以打了",
    "{when}我不在，{what}可以找大堂经理",
    "{who}，上次那份{what}签字页少了一个日期，{when}补一下可以吗",
    "{item}的起存金额是{n}万",
    "手机银行首页就能看到{item}",
    "{n}号之前还款都不算逾期",
    "孩子的{item}需要监护人一起来",
    "祝{who}生日快乐，身体健康",
    "{when}有场讲座，讲{item}，想听的话我给您留座",
    "{what}已经寄出，单号晚点发您",
    "排队还有{n}个人，您先坐一会儿",
    "{item}办理大概要{n}分钟",
    "{who}，停车券在{where}领",
    "换{what}要收{n}元工本费",
    "好的没问题，{when}见",
    "{item}的提前支取规则写在背面",
    "您反映的{where}空调问题已经报修",
    "新开的{item}账户三天后能用",
    "今天汇率波动不大",
    "{when}系统维护两个小时，{item}暂时办不了",
    "请问您公司的{what}盖章了吗",
    "我查到{item}扣款成功了，{n}号扣的",
    "{who}辛苦了，材料都齐了",
    "{where}旁边新开了早餐店",
    "{item}现在不用排队，手机上就能办",
    "活动还剩{n}天，不着急",
    "您看{item}选{n}个月还是{n}年的",
    "谢谢{who}一直以来的信任",
]
ENDINGS = ["。", "～", "", "！", "😊", "，谢谢", "，您看行吗？", "🌹"]


def messages(count: int, seed: int) -> Iterator[str]:
    rng = random.Random(seed)
    for _ in range(count):
        parts = rng.sample(TEMPLATES, rng.choice((1, 1, 2)))
        slots = {name: rng.choice(values) for name, values in SLOTS.items()}
        yield "，".join(part.format(**slots) for part in parts) + rng.choice(ENDINGS)
