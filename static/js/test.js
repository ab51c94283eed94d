// The test form: the event as JSON in an editor, saved events, the time a run takes, and a short history.

import { newState } from "./editor/setup.js";
import { completion, hint, shapesOf } from "./event_shapes.js";

const form = document.querySelector("#test-form");
const shapes = shapesOf(document.querySelectorAll("[data-test-event] option"));
const hints = { autocomplete: completion(shapes) }; // one for all: a new source would begin anew with each letter

// A textarea with an editor over it; the textarea stays what is sent.
function jsonEditor(area) {
  const keys = [{ key: "Mod-Enter", run: () => (area.form.requestSubmit(), true) }];
  const view = new CM.EditorView({
    state: newState(area.value, {
      path: "event.json", label: area.labels[0]?.textContent ?? "JSON", gutter: false, keys,
      more: CM.EditorState.languageData.of(() => [hints]),
      changed: (update) => {
        if (!update.docChanged) return;
        area.value = update.state.doc.toString();
        area.dispatchEvent(new Event("input", { bubbles: true }));
      },
    }),
  });
  const place = document.createElement("div");
  place.className = "json-editor";
  place.append(view.dom);
  area.after(place);
  area.hidden = true;
  area.labels[0]?.addEventListener("click", () => view.focus());
  return (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
}
const setters = new Map([...document.querySelectorAll("[data-json-editor]")].map((area) => [area, jsonEditor(area)]));

if (form) {
  const area = form.querySelector("[name=payload]");
  const choice = form.querySelector("[data-test-event]");
  const source = form.querySelector("[data-event-source]");
  const showSource = () => {
    const page = choice.selectedOptions[0]?.dataset.source;
    source.hidden = !page;
    if (page) source.href = page;
  };
  choice.addEventListener("change", () => {
    const chosen = choice.selectedOptions[0];
    if (chosen.dataset.payload !== undefined) setters.get(area)(chosen.dataset.payload);
    showSource();
  });
  showSource();
  // The list of events at the side chooses here, without loading the page anew.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-choose-event]");
    const option = link && choice.querySelector(`option[data-key="${link.dataset.chooseEvent}"]`);
    if (!option || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    option.selected = true;
    choice.dispatchEvent(new Event("change"));
    document.querySelectorAll("[data-choose-event]").forEach((each) => each.removeAttribute("aria-current"));
    link.setAttribute("aria-current", "true");
    history.replaceState(null, "", link.href);
  });
  checkAsTyped(form, area);
  document.querySelector("[data-save-event]")?.addEventListener("submit", (event) => {
    event.target.elements.payload.value = area.value;
  });
  runs(form);
}

// Says what is wrong with the JSON while it is typed, a moment after the last key.
function checkAsTyped(testForm, area) {
  const problem = testForm.querySelector("[data-json-problem]");
  const advice = testForm.querySelector("[data-json-advice]");
  let timer = 0;
  const check = () => {
    let told = "";
    try {
      advice.textContent = hint(area.value, shapes);
    } catch (error) {
      advice.textContent = "";
      told = `Not JSON yet: ${error.message}`;
    }
    problem.textContent = told;
    problem.hidden = !told;
  };
  area.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(check, 300);
  });
  // What is no event is not sent: it is said once, here, and the cursor goes back to it.
  testForm.addEventListener("htmx:confirm", (event) => {
    check();
    if (problem.hidden) return;
    event.preventDefault();
    testForm.querySelector(".cm-content")?.focus();
  });
}

function runs(testForm) {
  const elapsed = testForm.querySelector("[data-elapsed]");
  const result = document.querySelector("#test-result");
  const past = [];
  let timer = 0;
  testForm.addEventListener("htmx:beforeRequest", () => {
    const began = performance.now();
    const tell = () => (elapsed.textContent = `Running ${((performance.now() - began) / 1000).toFixed(1)} s`);
    tell();
    timer = setInterval(tell, 100);
  });
  testForm.addEventListener("htmx:afterRequest", () => {
    clearInterval(timer);
    elapsed.textContent = "";
  });
  result.addEventListener("htmx:afterSwap", () => {
    const { top } = result.getBoundingClientRect();
    if (top < 60 || top > innerHeight - 160) result.scrollIntoView({ block: "start" });
    const shown = result.querySelector("[data-duration]");
    const history = document.querySelector("[data-history]");
    if (!shown || !history) return;
    past.unshift({ html: result.innerHTML, words: `${new Date().toLocaleTimeString("en", { hourCycle: "h23" })}, ${shown.dataset.outcome === "success" ? "succeeded" : "failed"}, ${shown.dataset.duration}` });
    past.length = Math.min(past.length, 10);
    showHistory(history, result, past);
  });
}

// Results of this visit, to go back to and to compare two of: the last ten.
function showHistory(place, result, past) {
  if (past.length < 2) return;
  const list = (label, chosen, act) => {
    const select = document.createElement("select");
    select.className = "form-select form-select-sm w-auto";
    select.setAttribute("aria-label", label);
    select.append(...past.map((run, index) => new Option(run.words, String(index))));
    select.value = String(chosen);
    select.addEventListener("change", act);
    return select;
  };
  const compare = document.createElement("button");
  compare.type = "button";
  compare.className = "btn btn-sm";
  compare.textContent = "Compare";
  const show = () => {
    result.classList.toggle("comparing", Boolean(second));
    if (!second) return (result.innerHTML = past[Number(first.value)].html);
    compareRuns(result, past[Number(second.value)], past[Number(first.value)]);
  };
  let second = null;
  const first = list("Earlier results", 0, show);
  compare.setAttribute("aria-pressed", "false");
  compare.addEventListener("click", () => {
    second?.remove();
    second = second ? null : list("Compare with", 1, show);
    if (second) place.append(second);
    compare.setAttribute("aria-pressed", String(Boolean(second)));
    show();
  });
  result.classList.remove("comparing");
  place.replaceChildren(first, compare);
}

// Two results side by side, the older left; what differs is marked, in the numbers and line by line in the answers.
function compareRuns(result, older, newer) {
  const columns = [older, newer].map((run) => {
    const column = document.createElement("section");
    column.innerHTML = run.html;
    column.prepend(Object.assign(document.createElement("h3"), { className: "result-head", textContent: run.words }));
    column.querySelectorAll("[id]").forEach((element) => element.removeAttribute("id"));
    return column;
  });
  const [left, right] = columns.map(factsOf);
  for (const [name, cell] of right) {
    const other = left.get(name);
    if (name === "Request id" || (other && other.textContent.trim() === cell.textContent.trim())) continue;
    cell.classList.add("differs");
    other?.classList.add("differs");
  }
  markLines(...columns.map((column) => column.querySelector("[aria-label^=Response]")));
  result.replaceChildren(...columns);
}

function factsOf(column) {
  const rows = [...column.querySelectorAll(".result-facts > div")];
  return new Map(rows.map((row) => [row.querySelector("dt").firstChild.textContent.trim(), row.querySelector("dd")]));
}

function markLines(left, right) {
  if (!left || !right) return;
  const texts = [left, right].map((place) => place.textContent.split("\n"));
  [left, right].forEach((place, at) => {
    const others = new Set(texts[1 - at]);
    place.replaceChildren(
      ...texts[at].map((line) => {
        const row = document.createElement(others.has(line) ? "span" : "mark");
        row.textContent = `${line}\n`;
        return row;
      }),
    );
  });
}
