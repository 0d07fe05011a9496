"use strict";
// The chat of the review desk opens at the message in question, also after htmx replaced it.
function showFocus() {
  const box = document.querySelector(".desk-talk");
  const row = document.getElementById("focus");
  if (box && row) box.scrollTop += row.getBoundingClientRect().top - box.getBoundingClientRect().top - box.clientHeight / 2.5;
}
document.addEventListener("DOMContentLoaded", showFocus);
document.addEventListener("htmx:afterSwap", showFocus);
