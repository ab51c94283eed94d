// The page frame: menus, theme, rail, command palette, and what to say when the server does not answer.

const root = document.documentElement;

function each(selector, act, within = document) {
  within.querySelectorAll(selector).forEach(act);
}

// Menus are <details>: one open at a time, closed by Escape, by leaving them and by a click outside.
document.addEventListener("click", (event) => {
  each("details.menu[open]", (menu) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
});
document.addEventListener("focusin", (event) => {
  each("details.menu[open]", (menu) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  each("details.menu[open]", (menu) => {
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  closeDrawer();
});

// Theme: light, dark or as the system.
function showTheme() {
  each("[data-theme]", (button) => button.setAttribute("aria-pressed", String(button.dataset.theme === root.dataset.themeChoice)));
}
each("[data-theme]", (button) =>
  button.addEventListener("click", () => {
    root.dataset.themeChoice = button.dataset.theme;
    localStorage.setItem("functory-theme", button.dataset.theme);
    root.dispatchEvent(new Event("functory:theme"));
    showTheme();
  }),
);
showTheme();
document.querySelector("[data-theme-flip]")?.addEventListener("click", () => {
  document.querySelector(`[data-theme=${root.dataset.bsTheme === "dark" ? "light" : "dark"}]`).click();
});

// Rail: icons only on a wide screen, a drawer on a narrow one.
const drawerButton = document.querySelector("[data-drawer]");
function closeDrawer() {
  if (root.dataset.drawer !== "open") return;
  delete root.dataset.drawer;
  drawerButton?.setAttribute("aria-expanded", "false");
  drawerButton?.focus();
}
drawerButton?.addEventListener("click", () => {
  if (root.dataset.drawer === "open") return closeDrawer();
  root.dataset.drawer = "open";
  drawerButton.setAttribute("aria-expanded", "true");
  document.querySelector("#rail a")?.focus();
});
document.querySelector("[data-scrim]")?.addEventListener("click", closeDrawer);
const railButton = document.querySelector("[data-rail-toggle]");
function showRail() {
  railButton?.setAttribute("aria-pressed", String(root.dataset.rail === "narrow"));
}
railButton?.addEventListener("click", () => {
  root.dataset.rail = root.dataset.rail === "narrow" ? "wide" : "narrow";
  localStorage.setItem("functory-rail", root.dataset.rail);
  showRail();
});
showRail();

// Command palette: Ctrl-K or the search field of the top bar; arrows move, Enter opens, Escape closes.
const palette = document.querySelector("#palette");
function openPalette() {
  if (!palette || palette.open) return;
  palette.showModal();
  const box = palette.querySelector("input");
  box.select();
  htmx.trigger(box, "search");
}
document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
  event.preventDefault();
  openPalette();
});
each("[data-palette]", (button) => button.addEventListener("click", openPalette));
palette?.addEventListener("click", (event) => {
  if (event.target === palette) palette.close();
});
palette?.addEventListener("keydown", (event) => {
  const choices = [palette.querySelector("input"), ...palette.querySelectorAll("#palette-recent:not([hidden]) a, #palette-results a")];
  const at = choices.indexOf(document.activeElement);
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    const step = event.key === "ArrowDown" ? 1 : -1;
    choices[(at + step + choices.length) % choices.length].focus();
  } else if (event.key === "Enter" && at === 0) {
    event.preventDefault();
    enter();
  }
});
// Enter means the first line for what is typed now: a quick typist is ahead of the answer, which is waited for.
let entered = false;
function enter() {
  const typed = palette.querySelector("input").value.trim();
  entered = palette.querySelector("#palette-results [data-for]")?.dataset.for !== typed;
  if (!entered) palette.querySelector("#palette-recent:not([hidden]) a, #palette-results a")?.click();
}
palette?.addEventListener("htmx:afterSwap", () => entered && enter());
palette?.addEventListener("input", () => (entered = false));

// A server that does not answer, or a session that ended, is said once, above the page.
const trouble = document.querySelector("#trouble");
function say(text) {
  if (!trouble) return;
  trouble.hidden = !text;
  trouble.querySelector("[data-text]").textContent = text;
}
document.addEventListener("htmx:sendError", () => say("Functory does not answer. What you typed is still here; this page tries again by itself."));
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.xhr?.status) say("");
});

// A page that an older console made still works, but may not for long: say so, and leave the moment to the reader.
const stale = document.querySelector("#stale");
document.addEventListener("htmx:afterRequest", (event) => {
  const now = event.detail.xhr?.getResponseHeader("X-Functory-Release");
  if (stale && now && now !== document.body.dataset.release) stale.hidden = false;
});
stale?.querySelector("[data-reload]").addEventListener("click", () => location.reload());
// Browsers let hidden tabs sleep: one that is looked at again asks at once.
document.addEventListener("visibilitychange", () => {
  const health = document.querySelector("#health");
  if (health && !document.hidden) htmx.trigger(health, "look");
});
// An answer that is a whole page in place of a fragment means that the session has ended: go and log in.
document.addEventListener("htmx:beforeSwap", (event) => {
  const address = event.detail.xhr.responseURL;
  if (address && new URL(address).pathname.startsWith("/log-in")) {
    event.detail.shouldSwap = false;
    say("Your session has ended. Log in again in another tab, then come back: nothing here is lost.");
  }
});
