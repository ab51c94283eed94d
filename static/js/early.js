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

  // A script or style sheet that did not arrive (a browser on this machine drops loads while the engine makes a
  // network) leaves a page that looks whole and does nothing. It is loaded once more; if that fails too, say so.
  const AGAIN_MS = 10000;
  const KEY = "functory-loaded-again";
  const say = () => {
    const bar = document.querySelector("#lost");
    if (bar) bar.hidden = false;
  };
  addEventListener("error", ({ target }) => {
    if (!target.matches?.("script[src], link[rel=stylesheet]")) return;
    const before = Number(sessionStorage.getItem(KEY));
    if (Date.now() - before > AGAIN_MS && document.readyState !== "complete") {
      sessionStorage.setItem(KEY, String(Date.now()));
      location.reload();
    } else if (document.readyState === "loading") addEventListener("DOMContentLoaded", say);
    else say();
  }, true);
})();
