"""What customers do and say: behaviour, tags, consents, and the notes of their managers."""

from contacts.demo.plan import NULL, Batch, Person

_PAGES = ("wealth", "fund", "deposit", "insurance", "card", "loan", "activity")
_VISITS = {"blank": 2, "new": 8, "active": 12, "dormant": 2, "churning": 4}
_NOTES = (
    "电话沟通到期资金安排，客户倾向继续做固收类，约下周面谈。",
    "客户咨询大额存单利率，已说明起存金额与期限，待其确认资金到账时间。",
    "提醒风险测评即将到期，客户表示周末到网点办理。",
    "面谈资产配置，客户关注流动性，暂不考虑一年以上封闭产品。",
    "客户孩子明年上小学，关注教育金，约月底再联系。",
    "电话未接通，已改约明天下午。",
    "客户反馈手机银行转账限额低，已指导线上调整。",
)
_SINCE = 380


def write_events(batch: Batch, person: Person) -> None:
    for _ in range(batch.below(_VISITS[person.stage] + 1)):
        quiet = person.stage in {"dormant", "churning"}
        days_ago = (40 if quiet else 1) + int((_SINCE - 60) * batch.random.random() ** 2)
        moment, chance = batch.moment(days_ago), batch.random.random()
        if chance < 0.5:
            batch.add("customerevent", f"{person.id}\tlogin\t{moment}\tmobile_bank\t{{}}\n")
        else:
            kind = "page_view" if chance < 0.85 else "click"
            page = batch.pick(_PAGES)
            batch.add(
                "customerevent",
                f'{person.id}\t{kind}\t{moment}\tmobile_bank\t{{"page": "{page}"}}\n',
            )


def write_tags(batch: Batch, person: Person) -> None:
    tags = batch.plan.tags
    first = batch.below(len(tags))
    for step in range(batch.below(4)):
        # Steps of seven through the list: different tags without remembering which were taken.
        tag = tags[(first + 7 * step) % len(tags)]
        batch.add(
            "customertag", f"{person.id}\t{tag}\timported\t核心系统导入\t{batch.moment(60)}\n"
        )


def write_consents(batch: Batch, person: Person) -> None:
    chance = batch.random.random()
    opened = f"{person.opened_on} 10:00:00+08"
    if chance < 0.94:
        withdrawn = batch.moment(3 + batch.below(90)) if chance >= 0.92 else NULL
        _consent(
            batch, person, "marketing", "granted", opened, "开户时签署《客户信息授权书》", withdrawn
        )
        if chance >= 0.92:
            _consent(batch, person, "marketing", "withdrawn", withdrawn, "客户在手机银行撤回", NULL)
    if batch.random.random() < 0.5:
        _consent(
            batch, person, "profiling", "granted", opened, "开户时签署《客户信息授权书》", NULL
        )


def _consent(
    batch: Batch, person: Person, purpose: str, state: str, since: str, evidence: str, until: str
) -> None:
    batch.add("consent", f"{person.id}\t{purpose}\twecom\t{state}\t{since}\t{evidence}\t{until}\n")


def write_follow_ups(batch: Batch, person: Person) -> None:
    """Sets the person's last contact; those in a situation have not been called for weeks."""
    own = person.id <= batch.plan.first_share
    if batch.random.random() > (0.6 if own else 0.15):
        if batch.random.random() < 0.5:
            person.last_contact_at = batch.moment(15 + batch.below(200))
        return
    latest = 16 if person.situation else 2
    ages = sorted(latest + batch.below(90) for _ in range(1 + batch.below(3)))
    for days_ago in ages:
        moment = batch.moment(days_ago)
        person.last_contact_at = max(person.last_contact_at or moment, moment)
        batch.add("followup", f"{person.id}\t{person.manager[0]}\t{batch.pick(_NOTES)}\t{moment}\n")
