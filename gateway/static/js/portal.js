// Small comforts. Every page works without this file.
"use strict";

const menus = () => document.querySelectorAll("details[data-menu][open]");

// One menu open at a time; Escape and a click elsewhere close it, Escape gives the focus back.
document.addEventListener("click", (event) => {
  menus().forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  menus().forEach((menu) => { menu.open = false; menu.querySelector("summary").focus(); });
});

// A second click while the first is under way does nothing. The server would give both the same answer anyway.
document.querySelectorAll("form[data-once]").forEach((form) => {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    form.querySelectorAll("button[type=submit]").forEach((button) => button.setAttribute("aria-disabled", "true"));
  });
});
// Coming back by the browser's arrow finds the forms ready again.
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-once]").forEach((form) => {
    delete form.dataset.sent;
    form.querySelectorAll("button[type=submit]").forEach((button) => button.removeAttribute("aria-disabled"));
  });
});

// Who sent a form with mistakes starts reading at them.
document.querySelector("[data-focus]")?.focus();

// The answer to a single logout goes on by itself.
document.querySelector("form[data-send-at-once]")?.submit();
