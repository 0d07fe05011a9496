import { avatar, call, doing, fill, h, note, time } from "./common.js";

const userid = decodeURIComponent(location.pathname.split("/").pop());
const KINDS = { image: "图片", link: "链接", miniprogram: "小程序", weapp: "小程序", video: "视频", file: "文件", voice: "语音", emotion: "表情", agree: "同意存档", disagree: "不同意存档", revoke: "撤回了一条消息" };
let tab = "tasks";
let partner = null;
let phone = null;
let drawn = "";

function owner() {
  fill("owner", avatar(phone.userid),
    h("div", { class: "grow" }, h("b", {}, phone.name), h("br"), h("small", {}, `${phone.position || "员工"} · ${phone.customers} 位客户`)),
    h("a", { href: "/sandbox/" }, "返回总览"));
}

function tabs() {
  const names = [["tasks", `群发 ${phone.tasks.length}`], ["chats", "聊天"], ["notices", "应用消息"]];
  fill("tabs", names.map(([key, label]) => h("button", {
    role: "tab", "aria-selected": String(tab === key), onclick: () => { tab = key; draw(); },
  }, label)));
}

function taskCard(task) {
  const send = doing(async () => {
    const got = await call("act", { action: "confirm_task", userid: phone.userid, msgid: task.msgid });
    note(`送达 ${got.sent} 位，非好友 ${got.not_friend} 位，超出接收上限 ${got.over_cap} 位`);
    await refresh();
  });
  const unit = task.chat_type === "group" ? "个客户群" : "位客户";
  const names = task.names.join("、");
  return h("div", { class: "task" },
    h("div", { class: "row between" }, h("small", {}, `企业群发 · ${time(task.create_time)}`),
      task.reminders ? h("span", { class: "pill warn" }, `已提醒 ${task.reminders} 次`) : null),
    task.text ? h("div", { class: "bubble" }, task.text) : null,
    task.attachments.map((item) => h("div", { class: "bubble" }, `[${KINDS[item.kind] || item.kind}] ${item.title} ${item.url}`)),
    h("div", { class: "row between" },
      h("small", {}, `发给 ${names}${task.recipients > task.names.length ? " 等" : ""} ${task.recipients} ${unit}`),
      h("button", { class: "main", onclick: send }, "发送")));
}

function chatRow(chat) {
  return h("button", { class: `chat${partner === chat.external_userid ? " on" : ""}`, onclick: () => open(chat.external_userid) },
    avatar(chat.external_userid),
    h("span", { class: "grow" },
      h("span", { class: "row between" }, h("b", {}, chat.remark || chat.name), h("small", {}, time(chat.msgtime / 1000))),
      h("span", { class: "line" }, chat.gone ? "（已不是好友）" : "", chat.mine ? "我：" : "", chat.text)));
}

function noticeRow(row) {
  const body = row.body;
  const card = row.updated?.template_card || body;
  const text = body.content || body.title || card.main_title?.title || `[${KINDS[row.msgtype] || row.msgtype}]`;
  const url = body.url || card.card_action?.url;
  const buttons = row.msgtype === "template_card" && !row.updated ? (card.button_list || []) : [];
  const press = (button) => doing(async () => {
    await call("act", { action: "press_card", userid: phone.userid, msgid: row.msgid, key: button.key });
    note("已点击，等待应用更新卡片");
    await refresh();
  });
  return h("div", { class: "task" }, h("small", {}, time(row.at), row.recalled ? " · 已撤回" : ""),
    row.recalled ? null : h("div", { class: "bubble" }, text, body.description || card.main_title?.desc ? h("small", {}, ` ${body.description || card.main_title?.desc}`) : null),
    row.updated?.button ? h("span", { class: "pill good" }, row.updated.button.replace_name) : null,
    h("div", { class: "row" }, buttons.map((button) => h("button", { onclick: press(button) }, button.text)),
      url && !row.recalled ? h("a", { href: url, target: "_blank", rel: "noopener" }, "打开") : null));
}

function list() {
  const rows = { tasks: phone.tasks.map(taskCard), chats: phone.chats.map(chatRow), notices: phone.notices.map(noticeRow) }[tab];
  const empty = { tasks: "没有等待发送的群发", chats: "还没有聊天", notices: "没有应用消息" }[tab];
  fill("list", rows.length ? rows : h("p", { class: "empty" }, empty));
}

function line(row) {
  const mine = row.from === phone.userid;
  const body = row.message[row.msgtype] || {};
  const kind = KINDS[row.msgtype] || row.msgtype;
  const text = row.text || `[${kind}] ${body.title || body.filename || ""} ${body.link_url || ""}`;
  return h("div", { class: `say${mine ? " mine" : ""}` }, text,
    h("small", {}, `${row.source === "mass" ? "群发 · " : row.source === "welcome" ? "欢迎语 · " : ""}${time(row.msgtime / 1000)}${row.seq ? "" : " · 未存档"}`));
}

async function open(external) {
  partner = external;
  document.getElementById("device").classList.add("talking");
  await talk(true);
  draw();
}

function back() {
  partner = null;
  document.getElementById("device").classList.remove("talking");
  draw();
}

async function talk(scroll) {
  if (!partner) {
    fill("partner", h("span", { class: "muted" }, "选择左边的一个聊天"));
    fill("talk", h("p", { class: "empty" }, "这里显示员工与客户的对话"));
    return fill("compose", "");
  }
  const found = await call(`conversation?userid=${encodeURIComponent(phone.userid)}&external_userid=${encodeURIComponent(partner)}`);
  const box = document.getElementById("talk");
  const bottom = scroll || box.scrollHeight - box.scrollTop - box.clientHeight < 60;
  fill("partner", h("button", { class: "back", onclick: back }, "返回"), avatar(partner),
    h("div", { class: "grow" }, h("b", {}, found.name), h("br"), h("small", {}, partner)));
  fill("talk", found.messages.map(line));
  if (bottom) box.scrollTop = box.scrollHeight;
  if (!document.getElementById("words")) compose();
}

function compose() {
  const words = h("input", { id: "words", placeholder: "写一句话", "aria-label": "写一句话" });
  const say = (asCustomer) => doing(async () => {
    const [from, to] = asCustomer ? [partner, phone.userid] : [phone.userid, partner];
    await call("act", { action: "say", from, to, text: words.value });
    words.value = "";
    await refresh();
  });
  words.addEventListener("keydown", (event) => { if (event.key === "Enter") say(false)(); });
  fill("compose", words, h("button", { class: "main", onclick: say(false) }, "员工发送"), h("button", { onclick: say(true) }, "客户回复"));
}

function draw() {
  owner(); tabs(); list();
}

async function refresh() {
  phone = await call(`phone/${encodeURIComponent(userid)}`);
  document.title = `${phone.name}的手机 · 企业微信模拟器`;
  // Drawing only what has changed keeps the scroll position and the button under the finger.
  const key = JSON.stringify({ ...phone, now: 0 });
  if (key !== drawn) { drawn = key; draw(); }
  await talk(false);
}

refresh().catch((error) => fill("list", h("p", { class: "empty" }, `打不开这部手机：${error.message}`)));
setInterval(() => { if (!document.hidden) refresh().catch(() => {}); }, 2500);
