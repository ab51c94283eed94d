// What the linters on the server find, as somebody types: marks in the text, a count in the status line, and a list
// of all files' problems that unfolds from it.

import { ask } from "./server.js";

const DELAY_MS = 600;

// Where a line and column of a problem are in a text.
function at(doc, line, column) {
  const row = doc.line(Math.min(Math.max(1, line), doc.lines));
  return Math.min(row.from + column - 1, row.to);
}

export function makeProblems(editor, { url, suffixes }) {
  const found = new Map(); // path -> problems
  const checked = new Map(); // path -> the text they were found in
  const place = document.querySelector("[data-problems]");
  const button = document.querySelector("[data-problem-count]");
  let timer = 0;
  let asking = null;
  let trouble = "";

  const isLinted = (path) => suffixes.some((suffix) => path.toLowerCase().endsWith(suffix));
  const due = () => editor.files.paths.filter((path) => isLinted(path) && editor.files.get(path).text !== null && checked.get(path) !== editor.files.get(path).text);

  async function check() {
    const paths = due();
    forget();
    if (!paths.length) return list();
    asking?.abort();
    asking = new AbortController();
    const sent = Object.fromEntries(paths.map((path) => [path, editor.files.get(path).text]));
    try {
      const { problems } = await ask(url, { json: { files: sent }, signal: asking.signal });
      trouble = "";
      for (const path of paths) {
        checked.set(path, sent[path]);
        found.set(path, problems.filter((problem) => problem.path === path));
      }
      if (sent[editor.open] !== undefined) mark();
    } catch (error) {
      if (error.name === "AbortError") return;
      trouble = error.message;
    }
    list();
  }

  // What no longer exists has no problems.
  function forget() {
    for (const path of found.keys()) {
      if (editor.files.get(path)) continue;
      found.delete(path);
      checked.delete(path);
    }
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(check, DELAY_MS);
  }

  // What the linter would do, if the text is still the one that it read.
  function mend(problem) {
    editor.show(problem.path);
    if (checked.get(problem.path) !== editor.files.get(problem.path).text) return editor.say("The text has changed: it is checked again first");
    const { doc } = editor.view.state;
    const changes = problem.fix.edits.map((edit) => ({ from: at(doc, edit.line, edit.column), to: at(doc, edit.end_line, edit.end_column), insert: edit.text }));
    editor.change(problem.path, changes);
    editor.say(problem.fix.title);
    editor.view.focus();
  }

  // The marks of the open file, if its text is the one that was read.
  function mark() {
    const { view, open, files } = editor;
    if (!view || !isLinted(open) || checked.get(open) !== files.get(open)?.text) return;
    const { doc } = view.state;
    const marks = (found.get(open) ?? []).map((problem) => {
      const from = at(doc, problem.line, problem.column);
      const to = Math.max(at(doc, problem.end_line, problem.end_column), Math.min(from + 1, doc.length));
      return { from, to, severity: problem.severity, message: problem.message, source: problem.code || undefined, actions: actionsOf(problem) };
    });
    view.dispatch(CM.setDiagnostics(view.state, marks));
  }

  const actionsOf = (problem) => (problem.fix && !editor.readOnly ? [{ name: problem.fix.title, apply: () => mend(problem) }] : []);

  // Problems that the editor itself finds (JSON), of the open file.
  function local() {
    const { view, open } = editor;
    const own = [];
    if (!view || isLinted(open)) return own;
    CM.forEachDiagnostic(view.state, (problem, from) => {
      const line = view.state.doc.lineAt(from);
      own.push({ path: open, line: line.number, column: from - line.from + 1, severity: problem.severity, message: problem.message, code: "", url: "" });
    });
    return own;
  }

  function row(problem) {
    const item = document.createElement("li");
    const door = document.createElement("button");
    door.type = "button";
    door.className = `problem problem-${problem.severity}`;
    const where = document.createElement("span");
    where.className = "problem-place";
    where.textContent = `${problem.path}:${problem.line}:${problem.column}`;
    const kind = document.createElement("span");
    kind.className = "visually-hidden";
    kind.textContent = problem.severity === "error" ? "Error: " : "Warning: ";
    door.append(kind, problem.message, where);
    door.addEventListener("click", () => editor.show(problem.path, { line: problem.line, column: problem.column }));
    item.append(door);
    if (problem.fix && !editor.readOnly) {
      const fix = document.createElement("button");
      Object.assign(fix, { type: "button", className: "btn btn-sm", textContent: "Fix", title: problem.fix.title });
      fix.setAttribute("aria-label", `Fix: ${problem.fix.title}`);
      fix.addEventListener("click", () => mend(problem));
      item.append(fix);
    }
    if (problem.url) {
      const rule = document.createElement("a");
      Object.assign(rule, { href: problem.url, target: "_blank", rel: "noopener noreferrer", textContent: problem.code, title: `About the rule ${problem.code}` });
      item.append(rule);
    }
    return item;
  }

  function list() {
    const all = [...found.values()].flat().concat(local());
    const errors = all.filter((problem) => problem.severity === "error").length;
    const words = trouble ? "Not checked" : all.length === 1 ? "1 problem" : `${all.length} problems`;
    button.textContent = words;
    button.dataset.some = errors || trouble ? "error" : all.length ? "warning" : "";
    const rows = all.sort((a, b) => (a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1)).slice(0, 500).map(row);
    if (trouble) {
      const item = document.createElement("li");
      item.className = "problem-trouble";
      item.textContent = trouble;
      rows.unshift(item);
    }
    place.querySelector("ul").replaceChildren(...rows);
    if (!rows.length) fold(true);
  }

  function fold(shut) {
    place.hidden = shut;
    button.setAttribute("aria-expanded", String(!shut));
  }
  const hasRows = () => Boolean(place.querySelector("li"));
  button.addEventListener("click", () => fold(!place.hidden || !hasRows()));
  function reveal() {
    if (!hasRows()) return;
    fold(false);
    place.querySelector("button")?.focus();
  }
  place.addEventListener("keydown", (event) => {
    const doors = [...place.querySelectorAll(".problem")];
    const at = doors.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && at >= 0) {
      event.preventDefault();
      doors[Math.min(Math.max(0, at + step), doors.length - 1)].focus();
    } else if (event.key === "Escape") {
      fold(true);
      button.focus();
    }
  });

  return { check, later, mark, list, reveal };
}
