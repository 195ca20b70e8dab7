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
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-once]")) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
  form.querySelectorAll("button[type=submit]").forEach((button) => button.setAttribute("aria-disabled", "true"));
});
// Coming back by the browser's arrow finds the forms ready again.
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-once]").forEach((form) => {
    delete form.dataset.sent;
    form.querySelectorAll("button[type=submit]").forEach((button) => button.removeAttribute("aria-disabled"));
  });
});

// Copies a code, and says so.
document.querySelectorAll("[data-copy]").forEach((button) => {
  button.addEventListener("click", async () => {
    const told = button.closest("section").querySelector("[data-copied]");
    const done = await navigator.clipboard.writeText(button.dataset.copy).then(() => true, () => false);
    told.textContent = done ? told.dataset.copied : button.dataset.copy;
  });
});

// What was just done is read out: a screen reader tells what changes in a page, not what it came with.
document.querySelectorAll(".portal-announcement").forEach((part) => {
  const text = part.textContent;
  part.textContent = "";
  setTimeout(() => { part.textContent = text; }, 100);
});

// The outcome of a payment is asked for in the background. Only what has changed is put in place, so that focus, scroll
// and what a screen reader is reading stay where they are; the change of status is read out.
const PARTS = ["esito", "pratiche", "avanti"];
const putInPlace = (fresh) => {
  document.title = fresh.title;
  PARTS.forEach((id) => {
    const shown = document.getElementById(id);
    const next = fresh.getElementById(id);
    if (!shown || !next || shown.isEqualNode(next)) return;
    const focused = shown.contains(document.activeElement) ? document.activeElement : null;
    const status = shown.querySelector("[role=status]");
    if (status) {
      // The element itself stays: a screen reader tells what changes in it.
      status.replaceChildren(...next.querySelector("[role=status]").childNodes);
      shown.querySelector("svg").replaceWith(next.querySelector("svg"));
      shown.className = next.className;
      if (!next.dataset.askAgainS) delete shown.dataset.askAgainS;
      else shown.dataset.askAgainS = next.dataset.askAgainS;
    } else {
      shown.replaceWith(next);
    }
    if (focused) (document.getElementById(focused.id) ?? document.getElementById("esito-titolo")).focus();
  });
};
const askAgain = async () => {
  const answer = await fetch(location.href.split("#")[0]).catch(() => null);
  if (!answer?.ok) return;
  putInPlace(new DOMParser().parseFromString(await answer.text(), "text/html"));
};
const askInAWhile = () => {
  const seconds = document.querySelector("[data-ask-again-s]")?.dataset.askAgainS;
  if (seconds) setTimeout(async () => { await askAgain(); askInAWhile(); }, Number(seconds) * 1000);
};
askInAWhile();
document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-ask-now]")) return;
  event.preventDefault();
  askAgain();
});

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
  // Whoever pressed the button goes on where they were before.
  let cameFrom = null;
  form.addEventListener("focusin", (event) => {
    if (event.relatedTarget && !form.contains(event.relatedTarget)) cameFrom = event.relatedTarget;
  });
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
    const hadFocus = form.contains(document.activeElement);
    look();
    if (hadFocus && form.hidden) (cameFrom?.isConnected ? cameFrom : document.getElementById("contenuto")).focus();
  });
  look();
  setInterval(look, 5_000);
});
