"use strict";
// Charts: <div class="chart" data-chart="id-of-json-script">; the JSON is an ECharts option.
function drawCharts(root) {
  if (!window.echarts) return;
  root.querySelectorAll("[data-chart]").forEach((box) => {
    const source = document.getElementById(box.dataset.chart);
    if (!source) return;
    const chart = echarts.getInstanceByDom(box) || echarts.init(box);
    chart.setOption(JSON.parse(source.textContent), true);
  });
}
document.addEventListener("DOMContentLoaded", () => drawCharts(document));
document.addEventListener("htmx:afterSwap", (event) => drawCharts(event.target));
window.addEventListener("resize", () => {
  document.querySelectorAll("[data-chart]").forEach((box) => {
    const chart = window.echarts && echarts.getInstanceByDom(box);
    if (chart) chart.resize();
  });
});
// A destructive or final button asks once: <button data-confirm="…">. A form posts only once.
document.addEventListener("submit", (event) => {
  const question = event.submitter && event.submitter.dataset.confirm;
  if (question && !window.confirm(question)) { event.preventDefault(); return; }
  if (event.target.dataset.sent) { event.preventDefault(); return; }
  if (event.target.method === "post") event.target.dataset.sent = "1";
});
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
});
// Keys: <a data-key="j"> or <button data-key="d"> is pressed by its key outside inputs.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
  const target = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (target) { event.preventDefault(); target.tagName === "A" || target.tagName === "BUTTON" ? target.click() : target.focus(); }
});
// Fills a text box from a chosen phrase: <button data-fill="#id_reason" data-text="…">.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-fill]");
  if (button) document.querySelector(button.dataset.fill).value = button.dataset.text;
});

// A list's form: <input type="checkbox" data-check-all="name"> ticks all boxes of that name.
document.addEventListener("change", (event) => {
  const box = event.target;
  if (box.dataset.checkAll) {
    box.form.querySelectorAll(`input[name="${CSS.escape(box.dataset.checkAll)}"]:not(:disabled)`)
      .forEach((one) => { one.checked = box.checked; });
  }
  // A filter is applied as soon as it is chosen: <select data-submit>.
  if (box.dataset.submit !== undefined) box.form.requestSubmit();
});
