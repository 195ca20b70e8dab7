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

// What the browser carries to an identity provider goes on by itself.
document.querySelector("form[data-send-at-once]")?.submit();

// The session's end is told three minutes before; staying logged in keeps what is typed in the page.
document.querySelectorAll("form[data-session]").forEach((form) => {
  const WARNED_BEFORE_MS = 180_000;
  const show = (soon) => {
    form.hidden = false;
    form.querySelectorAll("[data-session-soon]").forEach((part) => { part.hidden = !soon; });
    form.querySelectorAll("[data-session-over]").forEach((part) => { part.hidden = soon; });
  };
  // The wall clock, because timers stand still while a computer sleeps.
  let endsAt = Date.now() + Number(form.dataset.secondsLeft) * 1000;
  const look = () => {
    const left = endsAt - Date.now();
    if (left <= 0) show(false);
    else if (left <= WARNED_BEFORE_MS) show(true);
    else form.hidden = true;
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = await fetch(form.action, {
      method: "POST", body: new URLSearchParams(new FormData(form)), headers: { Accept: "application/json" },
    }).catch(() => null);
    if (!answer?.ok) { show(false); return; }
    const { seconds_left: secondsLeft, until } = await answer.json();
    endsAt = Date.now() + secondsLeft * 1000;
    form.querySelector("[data-session-until]").textContent = until;
    look();
  });
  look();
  setInterval(look, 5_000);
});
