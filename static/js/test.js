// The test form: the event as JSON in an editor, saved events, the time a run takes, and a short history.

import { newState } from "./editor/setup.js";

const form = document.querySelector("#test-form");

// A textarea with an editor over it; the textarea stays what is sent.
function jsonEditor(area) {
  const keys = [{ key: "Mod-Enter", run: () => (area.form.requestSubmit(), true) }];
  const view = new CM.EditorView({
    state: newState(area.value, {
      path: "event.json", label: area.labels[0]?.textContent ?? "JSON", gutter: false, keys,
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
  choice.addEventListener("change", () => {
    const chosen = choice.selectedOptions[0];
    if (chosen.dataset.payload !== undefined) setters.get(area)(chosen.dataset.payload);
  });
  document.querySelector("[data-save-event]")?.addEventListener("submit", (event) => {
    event.target.elements.payload.value = area.value;
  });
  runs(form);
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
    result.scrollIntoView({ block: "nearest" });
    const shown = result.querySelector("[data-duration]");
    const history = document.querySelector("[data-history]");
    if (!shown || !history) return;
    past.unshift({ html: result.innerHTML, words: `${new Date().toLocaleTimeString("en", { hourCycle: "h23" })}, ${shown.dataset.outcome === "success" ? "succeeded" : "failed"}, ${shown.dataset.duration}` });
    past.length = Math.min(past.length, 10);
    showHistory(history, result, past);
  });
}

// Results of this visit, to go back to: the last ten.
function showHistory(place, result, past) {
  if (past.length < 2) return;
  const list = document.createElement("select");
  list.className = "form-select form-select-sm w-auto";
  list.setAttribute("aria-label", "Earlier results");
  list.append(...past.map((run, index) => new Option(run.words, String(index))));
  list.addEventListener("change", () => (result.innerHTML = past[Number(list.value)].html));
  place.replaceChildren(list);
}
