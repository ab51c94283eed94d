// Runs before the first paint, so that nothing jumps: theme, width of the rail, and times in the reader's zone.
(() => {
  const root = document.documentElement;
  const theme = localStorage.getItem("functory-theme") || "auto";
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const chosen = root.dataset.themeChoice;
    root.dataset.bsTheme = chosen === "auto" ? (dark.matches ? "dark" : "light") : chosen;
  };
  root.dataset.themeChoice = theme;
  root.dataset.rail = localStorage.getItem("functory-rail") || "wide";
  apply();
  dark.addEventListener("change", apply);
  root.addEventListener("functory:theme", apply);

  const thisYear = new Date().getFullYear();
  const parts = { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
  const short = new Intl.DateTimeFormat("en", parts);
  const withYear = new Intl.DateTimeFormat("en", { ...parts, year: "numeric" });
  const local = (element) => {
    const at = new Date(element.dateTime);
    if (Number.isNaN(at.getTime())) return;
    element.textContent = (at.getFullYear() === thisYear ? short : withYear).format(at);
    delete element.dataset.local;
  };
  const convert = (node) => {
    if (node.nodeType !== 1) return;
    if (node.matches("time[data-local]")) local(node);
    node.querySelectorAll("time[data-local]").forEach(local);
  };
  new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.target.matches?.("time[data-local]")) local(change.target);
      change.addedNodes.forEach(convert);
    }
  }).observe(root, { childList: true, subtree: true });

  // A script or style sheet that did not arrive (a network that changed just then) leaves a page that looks whole
  // and does nothing: say so, above it.
  addEventListener("error", ({ target }) => {
    if (!target.matches?.("script[src], link[rel=stylesheet]")) return;
    const say = () => {
      const bar = document.querySelector("#trouble");
      if (!bar) return;
      bar.querySelector("[data-text]").textContent = "A part of this page did not arrive. Reload the page; what was saved is safe.";
      bar.hidden = false;
    };
    document.readyState === "loading" ? addEventListener("DOMContentLoaded", say) : say();
  }, true);
})();
