import { avatar, call, doing, fill, h, note, time } from "./common.js";

const STATUS = { ok: ["成功", "good"], failed: ["失败", "bad"], pending: ["等待", "warn"], skipped: ["未配置地址", ""] };
const ATTEMPTS = { timeout: "超时", unreachable: "连不上" };
const FAULTS = {
  errcode: "返回指定 errcode", http: "返回 HTTP 状态码", html: "返回网页", empty: "空响应",
  latency: "延迟（秒）", drop_before: "生效前断开", drop_after: "生效后断开",
  token_expired: "令牌过期 42001", token_revoked: "令牌失效 40014", app_disabled: "应用停用 50003",
  ip_refused: "IP 不可信 60020", concurrency: "并发超限 45033", rate: "频率超限 45009",
};
// Only these take a number: what it means, and a first guess.
const FAULT_VALUES = { errcode: ["errcode", "-1"], http: ["状态码", "502"], latency: ["秒", "3"] };
const PEOPLE = {
  speed: "速度倍数", confirm_rate: "确认率", confirm_seconds: "平均确认秒数", click_rate: "点击率",
  reply_rate: "客户回复率", answer_rate: "员工回复率", risky_rate: "违规话术率", delete_rate: "删除率",
  chat_per_minute: "每分钟主动咨询", add_per_minute: "每分钟扫码添加", seed: "随机种子",
};
const SETTINGS = {
  token_seconds: "令牌有效秒数", wrong_secret_limit: "每小时允许的错误密钥次数", disabled_apps: "停用的应用（agent, archive）",
  trusted_ips: "可信 IP（空为不限）", trusted_domains: "可信域名（空为不限）", callable_app: "应用可调用客户联系接口",
  hidden_members: "可见范围之外的员工", refuse_unicode_escapes: "拒绝 \\u 转义的中文", per_minute: "每接口每分钟上限（0 不限）",
  per_hour: "每接口每小时上限（0 不限）", concurrency: "每接口并发上限（0 不限）", archive_per_minute: "存档拉取每分钟上限",
  tag_limit: "企业标签上限", short_pages: "有时返回不满的一页", dispatch_seconds: "群发派发秒数",
  receipt_cap: "接收上限（month_days, week7, day1, none）", reminds_per_day: "每天可提醒次数", welcome_seconds: "欢迎语有效秒数",
  console_welcome_members: "后台已配欢迎语的员工", welcome_needs_agree: "欢迎语须先同意存档", moment_job_seconds: "朋友圈任务秒数",
  transfer_seconds: "继承等待秒数", transfer_limit: "九十天内继承次数", group_lag_seconds: "群详情滞后秒数", group_capacity: "客户群人数上限",
  callback_timeout: "回调超时秒数", callback_tries: "回调次数", callback_retry_seconds: "回调重试间隔秒数",
  callback_parallel: "回调并行数（重启后生效）", callback_duplicates: "回调重复概率", callback_reorder: "打乱回调顺序",
  archive_opened: "已开通会话存档", notify_interval: "存档通知最短间隔秒数", retention_days: "存档保留天数",
  default_agree: "默认是否同意存档（Agree, Disagree）", unpermitted_members: "未开通存档的员工", archive_repeats: "存档记录重复概率",
};
let peopleShown = "";

function tiles(stats) {
  const { world, callbacks, mass } = stats;
  const calls = Object.values(stats.calls).reduce((sum, count) => sum + count, 0);
  const rows = [
    ["部门", world.departments], ["员工", world.members], ["客户", world.contacts],
    ["群发任务", world.tasks], ["已送达", mass.sent], ["待确认", mass.not_sent],
    ["聊天消息", world.messages], ["存档序号", world.last_seq], ["接口调用", calls],
    ["回调成功", callbacks.ok || 0], ["回调失败", callbacks.failed || 0], ["回调等待", callbacks.pending],
  ];
  fill("tiles", rows.map(([name, value]) =>
    h("div", { class: "tile" }, h("small", {}, name), h("b", {}, Number(value).toLocaleString("zh-CN")))));
}

function clock(shown) {
  const move = (body) => doing(async () => { await call("clock", body); await refresh(); });
  const shift = shown.offset ? `，比真实时间快 ${Math.round(shown.offset)} 秒` : "";
  fill("clock",
    h("span", { class: "muted" }, `模拟时间 ${time(shown.now)}${shift}`),
    h("button", { onclick: move({ advance: 3600 }) }, "快进 1 小时"),
    h("button", { onclick: move({ advance: 86400 }) }, "快进 1 天"),
    shown.offset ? h("button", { onclick: move({ reset: true }) }, "回到现在") : null);
}

function taskRow(task) {
  const state = task.cancelled ? ["已停止", "bad"]
    : task.confirmed === task.members ? ["已发送", "good"] : [`待确认 ${task.members - task.confirmed} 人`, "warn"];
  return h("tr", {},
    h("td", { class: "when" }, time(task.create_time)),
    h("td", { class: "text", title: task.text }, task.text || "（仅附件）"),
    h("td", {}, h("span", { class: `pill ${state[1]}` }, state[0])),
    h("td", { class: "num" }, task.recipients.toLocaleString()), h("td", { class: "num" }, task.sent.toLocaleString()),
    h("td", { class: "num" }, task.not_friend), h("td", { class: "num" }, task.over_cap));
}

function tasks(rows) {
  const open = rows.some((task) => !task.cancelled && task.confirmed < task.members);
  const confirm = doing(async () => {
    const got = await call("act", { action: "confirm_all" });
    note(`已替 ${got.confirmed.length} 位员工点了发送`);
    await refresh();
  });
  fill("confirm", open ? h("button", { class: "main", onclick: confirm }, "替所有员工点发送") : "");
  if (!rows.length) return fill("tasks", h("p", { class: "empty" }, "还没有群发任务"));
  const head = ["时间", "内容", "状态", "人数", "送达", "非好友", "超上限"];
  fill("tasks", h("table", {},
    h("thead", {}, h("tr", {}, head.map((name, at) => h("th", { class: at > 2 ? "num" : "" }, name)))),
    h("tbody", {}, rows.map(taskRow))));
}

function callbacks(rows) {
  if (!rows.length) return fill("callbacks", h("p", { class: "empty" }, "还没有回调"));
  fill("callbacks", h("table", {},
    h("thead", {}, h("tr", {}, ["时间", "事件", "状态", "每次结果"].map((name) => h("th", {}, name)))),
    h("tbody", {}, rows.slice(0, 30).map((row) => {
      const [name, kind] = STATUS[row.status] || [row.status, ""];
      const tries = row.attempts.map((attempt) => `${ATTEMPTS[attempt.status] || attempt.status}（${attempt.ms} 毫秒）`).join("，");
      return h("tr", {}, h("td", { class: "when" }, time(row.created)),
        h("td", { title: row.xml }, row.event, row.change_type ? h("small", {}, ` ${row.change_type}`) : null),
        h("td", {}, h("span", { class: `pill ${kind}` }, name)), h("td", { class: "tries" }, h("small", {}, tries || "—")));
    }))));
}

function people(row) {
  const toggle = doing(async () => { await call("people", { enabled: !row.enabled }); await refresh(); });
  fill("switch", h("button", { class: row.enabled ? "danger" : "main", onclick: toggle }, row.enabled ? "停用" : "启用"));
  // Redrawing on every refresh would take the text from under the typist.
  const key = JSON.stringify(Object.keys(PEOPLE).map((name) => row[name]));
  if (key === peopleShown) return;
  peopleShown = key;
  const save = doing(async () => {
    const values = [...document.querySelectorAll("#people input")].map((box) => [box.name, Number(box.value)]);
    await call("people", Object.fromEntries(values));
    note("模拟人物的设置已保存");
  });
  fill("people",
    h("div", { class: "fields" }, Object.entries(PEOPLE).map(([name, label]) =>
      h("label", {}, label, h("input", { name, type: "number", step: "any", value: row[name] })))),
    h("button", { onclick: save }, "保存"));
}

function faults(rows) {
  const remove = (id) => doing(async () => { await call(`faults${id ? `?id=${id}` : ""}`, undefined, "DELETE"); await refresh(); });
  fill("faults", rows.length ? rows.map((row) => h("div", { class: "row between" },
    h("span", {}, h("span", { class: "pill bad" }, FAULTS[row.kind]), ` ${row.match} ${row.value ?? ""}`,
      h("small", {}, row.times < 0 ? " 一直" : ` 剩 ${row.times} 次`)),
    h("button", { class: "danger", onclick: remove(row.id) }, "关闭")))
    : h("p", { class: "muted" }, "没有打开的故障"));
}

function faultForm() {
  const match = h("input", { value: "*", "aria-label": "接口", id: "fault-match" });
  const kind = h("select", { id: "fault-kind" }, Object.entries(FAULTS).map(([value, label]) => h("option", { value }, label)));
  const value = h("input", { type: "number", step: "any", value: "-1", id: "fault-value" });
  const meaning = h("span", {}, "errcode");
  const valueField = h("label", {}, meaning, value);
  kind.addEventListener("change", () => {
    const [word, guess] = FAULT_VALUES[kind.value] ?? ["", ""];
    meaning.textContent = word; value.value = guess; valueField.hidden = !word;
  });
  const times = h("input", { type: "number", value: "1", id: "fault-times" });
  const add = doing(async () => {
    await call("faults", [{ match: match.value, kind: kind.value, value: value.value === "" ? null : Number(value.value), times: Number(times.value) }]);
    await refresh();
  });
  fill("fault-form",
    h("div", { class: "fields" }, h("label", { class: "wide" }, "故障", kind), valueField,
      h("label", { class: "wide" }, "接口（* 为全部，可用 msgaudit/*）", match), h("label", {}, "次数（-1 一直）", times)),
    h("button", { onclick: add }, "打开故障"));
}

function members(found) {
  if (!found.members.length) return fill("members", h("p", { class: "muted" }, "没有员工，先载入一个世界"));
  fill("members", found.members.map((row) => h("a", { class: "person", href: `/sandbox/phone/${encodeURIComponent(row.userid)}` },
    avatar(row.userid), h("span", {}, h("b", {}, row.name), h("small", {}, `${row.customers} 位客户`)),
    row.waiting ? h("span", { class: "pill warn", style: "flex:none" }, `待发 ${row.waiting}`) : null)));
}

async function settings() {
  const rows = await call("settings");
  const inputs = Object.entries(rows).map(([name, value]) => {
    const kind = typeof value === "boolean" ? "checkbox" : typeof value === "number" ? "number" : "text";
    const box = h("input", { type: kind, step: "any", value: kind === "checkbox" ? null : Array.isArray(value) ? value.join(",") : value });
    if (kind === "checkbox") box.checked = value;
    const read = () => (kind === "checkbox" ? box.checked : kind === "number" ? Number(box.value)
      : Array.isArray(value) ? box.value.split(",").map((item) => item.trim()).filter(Boolean) : box.value);
    box.addEventListener("change", doing(async () => { await call("settings", { [name]: read() }); note(`已保存：${SETTINGS[name] || name}`); }));
    return h("label", { title: name }, SETTINGS[name] || name, box);
  });
  fill("settings", h("div", { class: "fields", style: "grid-template-columns:repeat(auto-fit,minmax(230px,1fr))" }, inputs));
}

function scan() {
  const config = new URLSearchParams(location.search).get("scan");
  if (!config) return;
  const name = h("input", { value: "扫码客户", "aria-label": "客户姓名" });
  const add = doing(async () => {
    const got = await call("act", { action: "scan", config_id: config, name: name.value });
    note(got.chat_id ? `已进入客户群 ${got.chat_id}` : `已添加员工 ${got.userid}`);
    await refresh();
  });
  fill("scan", h("section", { class: "card" }, h("h2", {}, "扫描活码"), h("div", { class: "row" },
    h("span", { class: "muted" }, "以这位客户的身份扫码："), name, h("button", { class: "main", onclick: add }, "扫码"))));
}

async function refresh() {
  const find = encodeURIComponent(document.getElementById("find").value);
  const [stats, taskRows, log, faultRows, people_, memberRows] = await Promise.all([
    call("stats"), call("tasks?limit=20&summary=1"), call("callbacks?limit=30"), call("faults"), call("people"),
    call(`members?limit=12&q=${find}`),
  ]);
  tiles(stats); clock(stats.clock); tasks(taskRows.tasks); callbacks(log.callbacks);
  faults(faultRows.faults); people(people_); members(memberRows);
}

faultForm(); scan(); settings();
document.getElementById("find").addEventListener("input", doing(refresh));
doing(refresh)();
setInterval(() => { if (!document.hidden) refresh().catch(() => {}); }, 2500);
