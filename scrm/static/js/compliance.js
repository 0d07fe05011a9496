"use strict";
// The chat of the review desk opens at the message in question, also after htmx replaced it.
function showFocus() {
  const box = document.querySelector(".desk-talk");
  const row = document.getElementById("focus");
  if (box && row) box.scrollTop += row.getBoundingClientRect().top - box.getBoundingClientRect().top - box.clientHeight / 2.5;
}
document.addEventListener("DOMContentLoaded", showFocus);
document.addEventListener("htmx:afterSwap", showFocus);
// <input data-all="alert"> ticks every box of that name in its form.
document.addEventListener("change", (event) => {
  const name = event.target.dataset.all;
  if (name) event.target.form.querySelectorAll(`[name="${name}"]`).forEach((box) => { box.checked = event.target.checked; });
});
