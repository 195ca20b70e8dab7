// The list of AgID's button "Entra con SPID", opened in place. Without this file the button is a link to a page with
// the same list.
"use strict";

document.querySelectorAll("[spid-idp-button]").forEach((button) => {
  const OPEN = "spid-idp-button-open";
  const list = document.querySelector(button.getAttribute("spid-idp-button"));
  const items = [...list.querySelectorAll("[role=menuitem]")];
  const isOpen = () => button.classList.contains(OPEN);
  const show = (open) => {
    button.classList.toggle(OPEN, open);
    button.setAttribute("aria-expanded", String(open));
  };
  // Past either end it goes on at the other one.
  const focusItem = (index) => items.at(index % items.length).focus();

  button.setAttribute("role", "button");
  button.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(!isOpen());
    // A click without a pointer comes from Enter.
    if (isOpen() && event.detail === 0) focusItem(0);
  });
  button.addEventListener("keydown", (event) => {
    if (event.key === " ") {
      event.preventDefault();
      button.click();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      show(true);
      focusItem(event.key === "ArrowDown" ? 0 : -1);
    }
  });
  list.addEventListener("keydown", (event) => {
    const place = items.indexOf(document.activeElement);
    const goals = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: -1 };
    if (event.key in goals) {
      event.preventDefault();
      focusItem(goals[event.key]);
    } else if (event.key === " ") {
      event.preventDefault();
      document.activeElement.click();
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !isOpen()) return;
    show(false);
    button.focus();
  });
  document.addEventListener("click", (event) => {
    if (!button.contains(event.target) && !list.contains(event.target)) show(false);
  });
  // Tab leaves the list, and nothing that hides the next focus stays behind.
  button.parentElement.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !button.parentElement.contains(event.relatedTarget)) show(false);
  });
  // Coming back by the browser's arrow finds it closed.
  window.addEventListener("pagehide", () => show(false));
});
