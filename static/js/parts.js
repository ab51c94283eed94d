// The parts that many pages share: copy buttons, names typed to confirm, forms that guard what was typed,
// tables moved through by keyboard. Each works on what is in the page and on what htmx puts there later.

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = button.dataset.copy;
  const text = source.startsWith("#") ? document.querySelector(source).textContent : source;
  const label = button.getAttribute("aria-label");
  try {
    await navigator.clipboard.writeText(text);
    button.dataset.state = "copied";
    button.setAttribute("aria-label", "Copied");
  } catch {
    button.dataset.state = "failed";
    button.setAttribute("aria-label", "Copying was refused: select the text instead");
  }
  setTimeout(() => {
    delete button.dataset.state;
    button.setAttribute("aria-label", label);
  }, 1600);
});

// On a phone the tab that one is on may lie outside of what its row shows.
document.querySelectorAll(".nav-tabs [aria-current]").forEach((tab) => {
  const row = tab.closest(".nav-tabs");
  row.scrollLeft += Math.max(0, tab.getBoundingClientRect().right + 16 - row.getBoundingClientRect().right);
});

document.addEventListener("input", (event) => {
  const box = event.target.closest("[data-confirm-name]");
  if (!box) return;
  box.form.querySelector("[data-confirm-button]").disabled = box.value !== box.dataset.confirmName;
});

// Enter sends a form by its first button, which in a list is another one: here it means the button beside the box,
// and on a tick nothing.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  if (event.target.matches("form[data-bulk] input[type=checkbox]")) event.preventDefault();
  if (!event.target.matches("[data-confirm-name]")) return;
  event.preventDefault();
  const button = (event.target.closest("dialog") || event.target.form).querySelector("[data-confirm-button]");
  if (!button.disabled) button.click();
});

// Buttons that open and close a <dialog>; the browser keeps focus inside and gives it back.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) document.querySelector(opener.dataset.dialog)?.showModal();
  const closer = event.target.closest("[data-close]");
  if (closer) closer.closest("dialog")?.close();
});

// Unsaved changes guard leaving; a form that is sent is no longer unsaved, and is not sent twice.
const changed = new Set();
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-guard]");
  if (form) changed.add(form);
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  changed.delete(form);
  if (form.method !== "post" || form.hasAttribute("hx-post") || form.target) return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "1";
  event.submitter?.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
});
addEventListener("beforeunload", (event) => {
  if (changed.size || document.body.dataset.unsaved) event.preventDefault();
});

// Tables whose rows are doors: up and down move between the rows' links, Enter follows.
document.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const row = event.target.closest?.("table[data-rows] tbody tr");
  if (!row || event.target.matches("input:not([type=checkbox]), select, textarea")) return;
  const next = event.key === "ArrowDown" ? row.nextElementSibling : row.previousElementSibling;
  const link = next?.querySelector("[data-row-link]");
  if (!link) return;
  event.preventDefault();
  link.focus();
});

// "Select all" of a table, and the bar of bulk actions that says how many are chosen.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-bulk]");
  if (!form || event.target.type !== "checkbox") return;
  const boxes = [...form.querySelectorAll("tbody input[type=checkbox]")];
  if (event.target.matches("[data-select-all]")) boxes.forEach((box) => (box.checked = event.target.checked));
  const count = boxes.filter((box) => box.checked).length;
  form.querySelector("[data-select-all]").indeterminate = count > 0 && count < boxes.length;
  form.querySelector("[data-bulk-bar]").hidden = !count;
  form.querySelector("[data-bulk-count]").textContent = count === 1 ? "1 chosen" : `${count} chosen`;
  const confirm = form.querySelector("[data-bulk-words]");
  if (!confirm) return;
  const words = confirm.dataset.words.replace("#", count) + (count === 1 ? "" : "s");
  confirm.textContent = words;
  form.querySelector("[data-confirm-name]").dataset.confirmName = words;
});

// Rows of a form that can be added and taken away (tags, environment variables).
document.addEventListener("click", (event) => {
  const adder = event.target.closest("[data-add-row]");
  if (adder) {
    const list = document.querySelector(adder.dataset.addRow);
    list.append(document.querySelector(`${adder.dataset.addRow}-template`).content.cloneNode(true));
    list.lastElementChild.querySelector("input").focus();
    list.dispatchEvent(new Event("input", { bubbles: true }));
  }
  const remover = event.target.closest("[data-remove-row]");
  if (remover) {
    const list = remover.closest("[data-rows-of]");
    remover.closest("[data-row]").remove();
    (list.querySelector("[data-row] input") || document.querySelector(`[data-add-row="#${list.id}"]`))?.focus();
    list.dispatchEvent(new Event("input", { bubbles: true }));
  }
});

// Focus goes to the first field at fault, in the page and in what htmx brought.
function focusFault(within) {
  within.querySelector("[aria-invalid=true]")?.focus();
}
document.addEventListener("DOMContentLoaded", () => focusFault(document));
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.closest?.("form") || event.target.querySelector?.("form")) focusFault(event.target);
});

// A table that scrolls sideways says so by a button over its edge, which goes when the last column is there. And it
// must be reachable by keyboard, which one without links is not by itself.
function sayMore(place) {
  const rest = place.scrollWidth - place.clientWidth - place.scrollLeft;
  let button = place.previousElementSibling?.matches(".more-columns") ? place.previousElementSibling : null;
  if (!button && rest > 4) {
    button = document.createElement("button");
    Object.assign(button, { type: "button", className: "more-columns", textContent: "More columns →" });
    button.addEventListener("click", () => place.scrollBy({ left: place.clientWidth * 0.7 }));
    place.before(button);
    place.addEventListener("scroll", () => sayMore(place), { passive: true });
  }
  if (!button) return;
  button.hidden = rest <= 4;
  button.style.top = `${place.offsetTop}px`;
}

function reachTables() {
  document.querySelectorAll(".table-responsive").forEach((place) => {
    sayMore(place);
    if (place.scrollWidth <= place.clientWidth + 4 || place.hasAttribute("tabindex")) return;
    place.tabIndex = 0;
    place.setAttribute("role", "region");
    const heading = place.closest("section, .card")?.querySelector("h2, h3")?.textContent.trim();
    place.setAttribute("aria-label", heading ? `${heading}: table, scrolls sideways` : "Table, scrolls sideways");
  });
}
reachTables();
addEventListener("resize", reachTables);
document.addEventListener("htmx:afterSettle", reachTables);
