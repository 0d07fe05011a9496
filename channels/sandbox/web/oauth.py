"""The OAuth pages: the tester picks who he is, and goes back with a code."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from urllib.parse import urlencode

from aiohttp import web

from channels.sandbox.core import Sandbox
from channels.sandbox.corp.oauth import refusal, way_back
from channels.sandbox.dispatch import BOX
from channels.sandbox.web.pages import BANNER, shell

_SHOWN = 40


async def authorize(request: web.Request) -> web.Response:
    """In the client: members and customers. `sandbox_as` picks at once, for automatic tests."""
    return _page(request, customers_too=True)


async def sso(request: web.Request) -> web.Response:
    """Login in a desktop browser: members only."""
    return _page(request, customers_too=False)


def _page(request: web.Request, customers_too: bool) -> web.Response:
    box, query = request.app[BOX], request.query
    refused = refusal(box, query)
    if refused:
        return shell("登录失败", f'<section class="card"><p>{escape(refused)}</p></section>', 400)
    chosen = query.get("sandbox_as", "")
    if chosen:
        raise web.HTTPFound(way_back(box, chosen, query))
    return shell("选择身份", _picker(box, query, customers_too))


def _picker(box: Sandbox, query: Mapping[str, str], customers_too: bool) -> str:
    asked = query.get("q", "").lower()
    rows = [(row["userid"], row["name"], row.get("position", "")) for row in box.members.values()]
    sections = [_section("员工", rows, query, asked)]
    if customers_too:
        people = [(key, row["name"], "客户") for key, row in box.contacts.rows.items()]
        people.append(("outsider", "一位路人", "不是客户，只有 openid"))
        sections.append(_section("客户", people, query, asked))
    kept = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in query.items()
        if name != "q"
    )
    search = (
        f'<form class="search" method="get">{kept}<input name="q" value="{escape(asked)}"'
        ' placeholder="姓名或账号"><button>查找</button></form>'
    )
    return f"{BANNER}<h1>选择一个身份继续</h1>{search}{''.join(sections)}"


def _section(
    title: str, rows: list[tuple[str, str, str]], query: Mapping[str, str], asked: str
) -> str:
    hits = [row for row in rows if asked in row[0].lower() or asked in row[1].lower()]
    items = "".join(_choice(row, query) for row in hits[:_SHOWN])
    note = "" if hits else "没有符合条件的人"
    if len(hits) > _SHOWN:
        note = f"共 {len(hits)} 人，显示前 {_SHOWN} 人"
    return (
        f'<section class="card"><h2>{title}</h2><div class="people">{items}</div>'
        f'<p class="muted">{note}</p></section>'
    )


def _choice(row: tuple[str, str, str], query: Mapping[str, str]) -> str:
    key, name, note = row
    wanted = {name: query.get(name, "") for name in ("appid", "redirect_uri", "state", "scope")}
    wanted |= {"agentid": query.get("agentid", ""), "person": key}
    link = "/sandbox/oauth/pick?" + urlencode(wanted)
    return (
        f'<a class="person" href="{escape(link)}">'
        f'<img src="/sandbox/avatar/{escape(key)}.svg" alt="">'
        f"<span><b>{escape(name)}</b><small>{escape(note or key)}</small></span></a>"
    )


async def pick(request: web.Request) -> web.Response:
    box, query = request.app[BOX], request.query
    refused = refusal(box, query)
    if refused:
        return shell("登录失败", f'<section class="card"><p>{escape(refused)}</p></section>', 400)
    raise web.HTTPFound(way_back(box, query.get("person", "outsider"), query))
