// The tour of the first visit: one card that moves from stop to stop. It covers nothing up: the page can be used
// meanwhile. Escape leaves it for now, "Close for good" for ever, and so does its end.

const GAP = 12;
const tour = document.querySelector("[data-tour]");
const stops = [...tour.querySelectorAll("article")];
const part = (name) => tour.querySelector(`[data-tour-${name}]`);
let at = 0;
let pointed = null;

function visible(element) {
  const box = element?.getBoundingClientRect();
  return box && box.width > 0 && box.right > 0 && box.left < innerWidth && getComputedStyle(element).visibility === "visible";
}

// To the right of what it points at where there is room, else below it, always inside the window.
function place(box) {
  const { width, height } = tour.getBoundingClientRect();
  const beside = box.right + GAP + width < innerWidth;
  const left = beside ? box.right + GAP : box.right - width;
  const top = beside ? box.top : box.bottom + GAP;
  tour.style.left = `${Math.max(GAP, Math.min(left, innerWidth - width - GAP))}px`;
  tour.style.top = `${Math.max(GAP, Math.min(top, innerHeight - height - GAP))}px`;
}

function point(selector) {
  pointed?.classList.remove("tour-pointed");
  pointed = selector ? [...document.querySelectorAll(selector)].find(visible) : null;
  tour.classList.toggle("tour-middle", !pointed);
  tour.style.left = tour.style.top = "";
  if (!pointed) return;
  pointed.classList.add("tour-pointed");
  pointed.scrollIntoView({ block: "nearest" });
  place(pointed.getBoundingClientRect());
}

function show(index) {
  at = index;
  stops.forEach((stop, place) => (stop.hidden = place !== at));
  stops.forEach((stop) => stop.querySelector("h2").removeAttribute("id"));
  stops[at].querySelector("h2").id = "tour-title";
  part("at").textContent = `${at + 1} of ${stops.length}`;
  part("back").hidden = at === 0;
  part("next").textContent = at === stops.length - 1 ? "Done" : "Next";
  point(stops[at].dataset.pointsAt);
}

function leave() {
  tour.hidden = true;
  point("");
}

async function closeForGood() {
  leave();
  const token = document.querySelector("meta[name=csrf-token]").content;
  await fetch(tour.dataset.closeUrl, { method: "POST", headers: { "X-CSRFToken": token } });
}

part("next").addEventListener("click", () => (at === stops.length - 1 ? closeForGood() : show(at + 1)));
part("back").addEventListener("click", () => show(at - 1));
part("close").addEventListener("click", closeForGood);
document.addEventListener("keydown", (event) => event.key === "Escape" && !tour.hidden && leave());
addEventListener("resize", () => !tour.hidden && show(at));
tour.hidden = false;
show(0);
