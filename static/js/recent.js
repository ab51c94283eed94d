// The pages that this browser opened lately, for the palette. They stay in this browser: names of functions are
// nobody else's, and a page that is gone is left to say so itself.

const MOST = 12;
const SHOWN = 5;
const KEY = "functory-recent";
const place = document.querySelector("#palette-recent");
const box = document.querySelector("#palette input");

function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY));
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
}

function remember() {
  if (document.querySelector("[data-not-recent]")) return;
  const here = { path: location.pathname, title: document.title.replace(/ · Functory$/, "") };
  const others = read().filter((one) => one.path !== here.path);
  localStorage.setItem(KEY, JSON.stringify([here, ...others].slice(0, MOST)));
}

function show() {
  const mine = read().filter((one) => one.path.startsWith(place.dataset.recent) && one.path !== location.pathname);
  place.hidden = box.value.trim() !== "" || mine.length === 0;
  place.querySelector("ul").replaceChildren(
    ...mine.slice(0, SHOWN).map((one) => {
      const row = document.createElement("li");
      const link = document.createElement("a");
      link.href = one.path;
      link.textContent = one.title;
      row.append(link);
      return row;
    }),
  );
}

if (place && box) {
  remember();
  box.addEventListener("input", show);
  box.addEventListener("focus", show);
}
