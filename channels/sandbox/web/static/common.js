// Shared by both pages. Everything from the server goes through textContent, never innerHTML.
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child != null && child !== false));
  return node;
}

export function fill(target, ...children) {
  document.getElementById(target).replaceChildren(...children.flat().filter(Boolean));
}

export function note(text) {
  document.querySelector(".note")?.remove();
  const shown = h("div", { class: "note", role: "status" }, text);
  document.body.append(shown);
  setTimeout(() => shown.remove(), 3500);
}

export async function call(path, body, method) {
  const answer = await fetch(`/sandbox/api/${path}`, {
    method: method || (body === undefined ? "GET" : "POST"),
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.error || answer.status);
  return found;
}

// A button's work: refusals become a note instead of a silent console line.
export function doing(work) {
  return async () => {
    try {
      await work();
    } catch (error) {
      note(`没有成功：${error.message}`);
    }
  };
}

export function time(seconds) {
  return new Date(seconds * 1000).toLocaleString("zh-CN", {
    timeZone: "Asia/Shanghai", month: "2-digit", day: "2-digit",
    hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false,
  });
}

export function avatar(person) {
  return h("img", { class: "avatar", alt: "", src: `/sandbox/avatar/${encodeURIComponent(person)}.svg` });
}
