"use strict";
// The rule editor: a tree of groups and conditions, kept as data and drawn anew after each change of
// shape. The server checks, words and counts the rule; this file knows only how to ask for one.
(() => {
  const form = document.getElementById("segment-form");
  if (!form) return;
  const schema = JSON.parse(document.getElementById("rule-schema").textContent);
  const known = new Map(schema.map((attribute) => [attribute.name, attribute]));
  const box = document.getElementById("rule-editor");
  const JOINS = [["all", "全部满足（并且）"], ["any", "满足任一（或者）"]];

  // JSON rule → {join, not, items} for groups, {attr, op, value, params…} for conditions.
  function read(rule, not = false) {
    if (rule && "not" in rule) return read(rule.not, !not);
    for (const [join] of JOINS) {
      if (rule && Array.isArray(rule[join])) return { join, not, items: rule[join].map((part) => read(part)) };
    }
    const leaf = { ...rule };
    return not ? { join: "all", not: true, items: [leaf] } : leaf;
  }
  function write(node) {
    if (!node.items) return node;
    const group = { [node.join]: node.items.map(write) };
    return node.not ? { not: group } : group;
  }

  let root = read(JSON.parse(document.getElementById("rule-data").textContent));
  if (!root.items) root = { join: "all", not: false, items: [root] };

  const make = (tag, css = "", text = "") => {
    const element = document.createElement(tag);
    if (css) element.className = css;
    if (text) element.textContent = text;
    return element;
  };
  function choice(options, value, act, label) {
    const select = make("select", "form-select form-select-sm w-auto");
    select.setAttribute("aria-label", label);
    options.forEach(([code, text]) => select.add(new Option(text, code, false, String(code) === String(value))));
    select.addEventListener("change", () => act(select.value));
    return select;
  }
  function number(value, act, label) {
    const input = make("input", "form-control form-control-sm rule-number");
    Object.assign(input, { type: "number", step: "any", value: value ?? "" });
    input.setAttribute("aria-label", label);
    input.addEventListener("input", () => act(input.value === "" ? undefined : Number(input.value)));
    return input;
  }
  function several(options, value, numeric, act, label) {
    const chosen = new Set((value || []).map(String));
    const list = make("span", "rule-options");
    options.forEach(([code, text]) => {
      const item = make("label", "form-check");
      const tick = make("input", "form-check-input");
      Object.assign(tick, { type: "checkbox", checked: chosen.has(String(code)) });
      tick.setAttribute("aria-label", `${label} ${text}`);
      tick.addEventListener("change", () => {
        tick.checked ? chosen.add(String(code)) : chosen.delete(String(code));
        act([...chosen].map((item) => (numeric ? Number(item) : item)));
      });
      item.append(tick, make("span", "form-check-label", text));
      list.append(item);
    });
    return list;
  }

  const set = (leaf, name) => (value) => {
    if (value === undefined || value === "") delete leaf[name];
    else leaf[name] = value;
    changed();
  };
  function valueInputs(leaf, attribute, type) {
    if (leaf.op === "between") {
      const ends = Array.isArray(leaf.value) ? leaf.value : [undefined, undefined];
      const put = (index) => (value) => { ends[index] = value ?? 0; leaf.value = [...ends]; changed(); };
      return [number(ends[0], put(0), "起点"), make("span", "", "到"), number(ends[1], put(1), "终点"), make("span", "", attribute.unit)];
    }
    if (type === "choices" || type === "ids") return [several(attribute.options, leaf.value, type === "ids", set(leaf, "value"), attribute.label)];
    if (type === "choice") return [choice(attribute.options, leaf.value, set(leaf, "value"), attribute.label)];
    if (type === "flag") return [choice([["true", "是"], ["false", "否"]], leaf.value, (value) => set(leaf, "value")(value === "true"), attribute.label)];
    const unit = attribute.unit + (leaf.op === "within" ? "以内" : "");
    return [number(leaf.value, set(leaf, "value"), attribute.label), make("span", "", unit)];
  }
  function paramInput(leaf, param) {
    const wrap = make("span", "d-inline-flex align-items-center gap-1");
    wrap.append(make("span", "text-secondary small", param.label));
    const blank = param.required ? [] : [["", "不限"]];
    if (param.options.length) wrap.append(choice([...blank, ...param.options], leaf[param.name] ?? "", set(leaf, param.name), param.label));
    else wrap.append(number(leaf[param.name], set(leaf, param.name), param.label));
    return wrap;
  }
  function start(attribute) {
    const first = attribute.operators[0];
    const leaf = { attr: attribute.name, op: first.name };
    attribute.params.filter((param) => param.required).forEach((param) => { leaf[param.name] = param.options.length ? param.options[0][0] : 30; });
    return withValue(leaf, attribute, first.type);
  }
  function withValue(leaf, attribute, type) {
    const initial = { flag: true, days: 30, choice: (attribute.options[0] || [""])[0] };
    if (type in initial) leaf.value = initial[type];
    else delete leaf.value;
    return leaf;
  }

  function condition(leaf, parent) {
    const attribute = known.get(leaf.attr) || { label: leaf.attr, operators: [], options: [], params: [], unit: "" };
    const row = make("div", "rule-condition d-flex flex-wrap align-items-center gap-2 py-2 border-bottom");
    const operator = attribute.operators.find((item) => item.name === leaf.op);
    row.append(make("strong", "", attribute.label), ...attribute.params.map((param) => paramInput(leaf, param)));
    if (attribute.operators.length > 1) {
      row.append(choice(attribute.operators.map((item) => [item.name, item.label]), leaf.op, (op) => {
        const next = attribute.operators.find((item) => item.name === op);
        leaf.op = op;
        if (!operator || next.type !== operator.type || op === "between" || Array.isArray(leaf.value) !== ["choices", "ids"].includes(next.type)) withValue(leaf, attribute, next.type);
        redraw();
      }, "比较方式"));
    }
    row.append(...valueInputs(leaf, attribute, operator && operator.type), remove(leaf, parent, attribute.label));
    return row;
  }
  function remove(node, parent, label) {
    const button = make("button", "btn-close ms-auto");
    button.type = "button";
    button.setAttribute("aria-label", `删除 ${label}`);
    button.addEventListener("click", () => { parent.items.splice(parent.items.indexOf(node), 1); redraw(); });
    return button;
  }
  // One <select> offers every attribute by group: it is searched by typing and works on phones.
  function adder(node) {
    const select = make("select", "form-select form-select-sm w-auto");
    select.setAttribute("aria-label", "添加条件");
    select.add(new Option("＋ 添加条件…", ""));
    new Set(schema.map((attribute) => attribute.group)).forEach((title) => {
      const group = make("optgroup");
      group.label = title;
      schema.filter((attribute) => attribute.group === title).forEach((attribute) => group.append(new Option(attribute.label, attribute.name)));
      select.append(group);
    });
    select.addEventListener("change", () => { if (select.value) { node.items.push(start(known.get(select.value))); redraw(); } });
    return select;
  }
  function group(node, parent) {
    const card = make("div", "rule-card mb-2");
    const head = make("div", "d-flex flex-wrap align-items-center gap-2 pb-1");
    head.append(
      choice([["yes", "满足"], ["no", "不满足"]], node.not ? "no" : "yes", (value) => { node.not = value === "no"; changed(); }, "满足或不满足"),
      choice(JOINS, node.join, (value) => { node.join = value; changed(); }, "条件关系"),
    );
    if (parent) head.append(remove(node, parent, "条件组"));
    const foot = make("div", "d-flex flex-wrap gap-2 pt-2");
    const nest = make("button", "btn btn-sm", "＋ 添加条件组");
    nest.type = "button";
    nest.addEventListener("click", () => { node.items.push({ join: "any", not: false, items: [] }); redraw(); });
    foot.append(adder(node), nest);
    card.append(head, ...node.items.map((item) => (item.items ? group(item, node) : condition(item, node))), foot);
    return card;
  }

  let timer = 0;
  function changed() {
    form.elements.rule.value = JSON.stringify(write(root));
    clearTimeout(timer);
    timer = setTimeout(preview, 400);
  }
  function preview() {
    htmx.ajax("POST", form.dataset.preview, { target: "#segment-result", values: { rule: form.elements.rule.value } });
  }
  function redraw() {
    box.replaceChildren(group(root, null));
    changed();
  }
  box.replaceChildren(group(root, null));
  form.elements.rule.value = JSON.stringify(write(root));
})();
