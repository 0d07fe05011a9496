# ruff: noqa: SIM905
"""Generated ordinary banking chat: templates with slots, seeded, no risky content."""

from __future__ import annotations

import random
from collections.abc import Iterator

GREET = "您好，|早上好，|李总，|王姐，|张先生，|刘女士，|陈阿姨，|好的，|收到，|嗯嗯，||||".split(
    "|"
)
DAY = "今天|明天|后天|周一|周三|周五|下周二|月底|下个月5号|本周六".split("|")
TIME = "上午九点|上午十点半|下午两点|下午三点|中午|四点以前|9:30|14:00".split("|")
PRODUCT = "大额存单|定期存款|稳健理财|债券基金|三个月理财|六个月理财|结构性存款|贵金属积存|国债|年金保险|货币基金|养老理财".split(
    "|"
)
PLACE = "网点|支行|二楼贵宾室|三号窗口|城东支行|总行营业部|大堂|自助区".split("|")
THING = "身份证|银行卡|户口本|营业执照|合同|申请表|回执单|存折|社保卡|结婚证".split("|")
APP = "手机银行|App|企业微信|网上银行|小程序|自助机|电话银行".split("|")
FACT = "起息日是{day}|年化业绩基准3.2%|起购金额一万元|期限180天|每个工作日可以申购|到期自动到账|净值每天更新|管理费0.3%|赎回后T+1到账".split(
    "|"
)
TAIL = "。|～|😊|谢谢！|，您看可以吗？|，您方便吗？|，有问题随时找我。||！|，辛苦您了|🌹|".split(
    "|"
)
BODY = """您预约的{product}业务可以{day}{time}到{place}办理
{day}{time}您方便来{place}一趟吗
请带好{thing}和{thing2}
{product}{fact}
您的{product}{day}到期，需要帮您预约续存吗
可以在{app}里查看{product}的详情
{app}更新到最新版就能看到{product}了
您的{thing}已经办好了，{day}来{place}取
您的信用卡账单{day}出，请留意短信
转账限额可以在{app}里自己调整
您提交的贷款申请已经到审批环节，预计{day}有结果
房贷扣款日是每月20号，请提前存够钱
我已经把{product}的说明书发到您邮箱了
您咨询的外汇牌价，{day}{time}更新
密码忘记了的话，带{thing}到{place}重置就行
验证码一般一分钟内到，没收到可以重发一次
您的手机号如果换了，请在{app}里更新
{place}{day}{time}停电检修，暂停营业
{day}有个投资者沙龙，主题是{product}，欢迎参加
您上次问的{product}，{fact}
我{day}休息，有急事可以打{place}电话
麻烦您在{app}上把风险测评做一下
您的开户资料收到了，{day}给您答复
回单可以在{app}下载，也可以来{place}打印
客户服务热线24小时都有人接听
您的积分可以兑换话费或者礼品
{product}最近申购的人比较多，额度充足
好的，我帮您预约{day}{time}
您的存款利息已经入账，请查收
合同需要您本人签字，{day}来{place}可以吗
基金定投日是每月{n}号
您的还款金额是{n}{n}00元，{day}前还清就可以
编号{n}{n}{n}{n}{n}{n}的申请已受理
ETC设备{day}可以到{place}安装
{place}旁边有停车位，可以停两小时
今年的对账单已经寄到您公司了
请问您的{product}是想续存还是取出来用
工资卡换卡后卡号不变
{thing}复印件需要两份
谢谢您的支持，祝您{day}愉快
收款码牌{day}给您送到店里
孩子的压岁钱可以开个儿童账户
您的问题已经反馈给技术部门了
最近天气变化大，注意身体
公积金贷款的材料清单发您了
{day}{time}给您回电话
申请进度可以在{app}查
您爱人的副卡也一起办好了
手续费按规定减半收取
这边帮您登记好了
明细可以导出成表格
利率以{place}公布的为准
挂失补卡需要{thing}
您要的流水可以在{app}申请，发到邮箱
理财经理{day}都在{place}
外币现钞需要提前一天预约
对公开户需要法人到场
我马上查一下，稍等
不好意思刚才在忙，现在回复您""".split("\n")


def messages(count: int, seed: int = 7) -> Iterator[str]:
    rng = random.Random(seed)
    for _ in range(count):
        yield _message(rng)


def _message(rng: random.Random) -> str:
    slots = {
        "day": rng.choice(DAY),
        "time": rng.choice(TIME),
        "product": rng.choice(PRODUCT),
        "place": rng.choice(PLACE),
        "thing": rng.choice(THING),
        "thing2": rng.choice(THING),
        "app": rng.choice(APP),
        "n": str(rng.randint(1, 28)),
    }
    slots["fact"] = rng.choice(FACT).format(**slots)
    parts = [rng.choice(BODY).format(**slots) for _ in range(rng.choice((1, 1, 1, 2)))]
    return rng.choice(GREET) + "，".join(parts) + rng.choice(TAIL)
