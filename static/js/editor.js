// The Code tab and the wizard's third step: file tree, tabs of one editor, saving, deploying, running.

import { Files } from "./editor/files.js";
import { newState } from "./editor/setup.js";
import { showConflict } from "./editor/conflict.js";
import { askPath } from "./editor/path_dialog.js";

const { EditorView } = CM;
const root = document.querySelector("#editor");
const find = (name) => document.querySelector(`[data-${name}]`);
const readOnly = root.hasAttribute("data-read-only");
const content = JSON.parse(document.querySelector("#editor-content").textContent);
const files = new Files(content);
const states = new Map(); // path -> CodeMirror state, so that undo and cursor outlive a change of file
const csrf = document.querySelector("meta[name=csrf-token]").content;
let view = null;
let open = "";
let saving = null;
let liveVersion = root.dataset.liveVersion;

function stateOf(path) {
  if (!states.has(path)) {
    states.set(path, newState(files.get(path).text, { path, label: path, readOnly, changed: onUpdate }));
  }
  return states.get(path);
}

function onUpdate(update) {
  if (update.docChanged) {
    files.write(open, update.state.doc.toString());
    showStatus();
    markFile(open);
  }
  if (update.docChanged || update.selectionSet) showCursor(update.state);
  showProblems(update.state);
}

function show(path, line = 0) {
  if (!files.get(path)) path = files.paths[0] ?? "";
  if (view && open && states.has(open)) states.set(open, view.state);
  open = path;
  const file = files.get(path);
  const isText = file && file.text !== null;
  find("open-path").textContent = path || "No file";
  find("editor").hidden = !isText;
  const message = find("editor-message");
  message.hidden = isText;
  message.textContent = file ? `A binary file of ${file.size} bytes: it is kept as it is and can be renamed or deleted.` : "No files yet. Make one, choose starter code or upload a zip.";
  if (isText) {
    if (view) view.setState(stateOf(path));
    else view = new EditorView({ state: stateOf(path), parent: find("editor") });
    showCursor(view.state);
    if (line) jump(line);
  }
  listFiles();
}

function jump(line) {
  const target = view.state.doc.line(Math.min(Math.max(1, line), view.state.doc.lines));
  view.dispatch({ selection: { anchor: target.from, head: target.to }, effects: EditorView.scrollIntoView(target.from, { y: "center" }) });
  view.focus();
}

function listFiles() {
  const list = find("file-list");
  const folders = new Set();
  const items = [];
  for (const path of files.paths) {
    const parts = path.split("/");
    for (let depth = 1; depth < parts.length; depth += 1) {
      const folder = parts.slice(0, depth).join("/");
      if (folders.has(folder)) continue;
      folders.add(folder);
      items.push(line("li", "file-folder", parts[depth - 1], depth - 1));
    }
    const item = document.createElement("li");
    const button = line("button", "file", parts.at(-1), parts.length - 1);
    button.type = "button";
    button.dataset.path = path;
    button.title = path;
    button.addEventListener("click", () => show(path));
    if (path === open) button.setAttribute("aria-current", "true");
    item.append(button);
    items.push(item);
  }
  list.replaceChildren(...items);
  files.paths.forEach(markFile);
  for (const name of ["rename-file", "delete-file"]) if (find(name)) find(name).disabled = !open;
}

function line(tag, className, text, depth) {
  const element = document.createElement(tag);
  element.className = `${className} depth-${Math.min(depth, 6)}`;
  element.textContent = text;
  return element;
}

function markFile(path) {
  const button = find("file-list").querySelector(`[data-path="${CSS.escape(path)}"]`);
  if (button) button.dataset.changed = files.isChanged(path) ? "1" : "";
}

function showCursor(state) {
  const head = state.selection.main.head;
  const at = state.doc.lineAt(head);
  find("cursor").textContent = `Line ${at.number}, column ${head - at.from + 1}`;
}

// Problems of the open file: a count in the status line that unfolds the list.
function showProblems(state) {
  const found = [];
  CM.forEachDiagnostic(state, (problem, from) => found.push({ message: problem.message, line: state.doc.lineAt(from).number }));
  const button = find("problem-count");
  const words = found.length === 1 ? "1 problem" : `${found.length} problems`;
  if (button.textContent === words) return;
  button.textContent = words;
  button.dataset.some = found.length ? "1" : "";
  const list = find("problems").querySelector("ul");
  list.replaceChildren(
    ...found.map((problem) => {
      const item = document.createElement("li");
      const link = line("button", "file", `Line ${problem.line}: ${problem.message}`, 0);
      link.type = "button";
      link.addEventListener("click", () => jump(problem.line));
      item.append(link);
      return item;
    }),
  );
  if (!found.length) find("problems").hidden = true;
}
find("problem-count").addEventListener("click", () => {
  const place = find("problems");
  place.hidden = !place.hidden || !place.querySelector("li");
  find("problem-count").setAttribute("aria-expanded", String(!place.hidden));
});

function showStatus(trouble = "") {
  const changed = files.changed;
  const status = find("status");
  root.dataset.state = trouble ? "trouble" : saving ? "saving" : changed ? "unsaved" : files.deployed ? "deployed" : "saved";
  if (trouble) status.textContent = trouble;
  else if (saving) status.textContent = "Saving";
  else if (changed) status.textContent = changed === 1 ? "Unsaved changes in 1 file" : `Unsaved changes in ${changed} files`;
  else if (files.deployed) status.textContent = liveVersion ? `Saved. Version ${liveVersion} is deployed from this` : "Saved and deployed";
  else status.textContent = liveVersion ? `Saved. Deployed differs (version ${liveVersion})` : "Saved. Not deployed yet";
  document.body.dataset.unsaved = changed ? "1" : "";
  if (!changed) delete document.body.dataset.unsaved;
  const bytes = files.size;
  find("size").textContent = bytes < 1000 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} kB`;
  if (find("save")) find("save").disabled = !changed || Boolean(saving);
  const words = document.querySelector("[data-run-words]");
  if (words) words.textContent = changed || !files.deployed ? "Deploy and run" : "Run test";
}

// Saving: one at a time. Resolves to true once everything typed before the call is saved.
function save() {
  if (saving) return saving.then(save);
  if (readOnly || !files.changed) return Promise.resolve(true);
  const sent = files.changes();
  saving = send(sent)
    .then((taken) => {
      saving = null;
      if (taken) {
        showStatus();
        listFiles();
      }
      return taken;
    })
    .catch((error) => {
      saving = null;
      showStatus(`Not saved: ${error.message}`);
      return false;
    });
  showStatus();
  return saving;
}

async function send(sent) {
  let response;
  try {
    response = await fetch(root.dataset.saveUrl, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrf },
      body: JSON.stringify(sent),
    });
  } catch {
    throw new Error("Functory does not answer. Your text is still here; save again in a moment.");
  }
  if (response.redirected || !response.headers.get("content-type")?.includes("json")) throw new Error("your session has ended. Log in again in another tab, then save.");
  const answer = await response.json();
  if (response.ok) {
    files.accept(sent, answer);
    return true;
  }
  if (response.status !== 412) throw new Error(answer.error.message);
  showConflict({ files, theirs: answer.theirs, by: answer.error.by, decide: (choice) => settle(choice, answer.theirs) });
  throw new Error("somebody else has saved meanwhile.");
}

function settle(choice, theirs) {
  if (choice === "theirs") files.load(theirs);
  states.clear();
  show(open);
  showStatus();
  if (choice === "mine") save();
}

// Deploying: what is here is saved first; the progress fragment asks for itself and tells when it has ended.
let waitsForDeploy = null;
async function deploy() {
  if (!(await save())) return false;
  const ended = new Promise((resolve) => (waitsForDeploy = resolve));
  await htmx.ajax("POST", root.dataset.deployUrl, { target: "#deploy-place", swap: "innerHTML" });
  return ended;
}
document.addEventListener("functory:deployed", ({ detail }) => {
  const succeeded = detail.state === "succeeded";
  if (succeeded) {
    files.deployed = detail.token === files.token;
    liveVersion = detail.version ?? liveVersion;
  }
  showStatus();
  waitsForDeploy?.(succeeded);
  waitsForDeploy = null;
});

// Running: the test of the panel runs what is deployed, so what is here is deployed first if it differs.
document.addEventListener("htmx:confirm", (event) => {
  if (event.target.id !== "test-form" || (!files.changed && files.deployed)) return;
  event.preventDefault();
  deploy().then((done) => done && event.detail.issueRequest());
});

// Names of files.
find("new-file")?.addEventListener("click", () =>
  askPath({ files, title: "New file", button: "Create", then: (path) => (files.add(path), show(path), showStatus(), view.focus()) }),
);
find("rename-file")?.addEventListener("click", () =>
  askPath({
    files, title: `Rename ${open}`, button: "Rename", renaming: open,
    then: (path) => {
      const from = open;
      files.rename(from, path);
      states.delete(from);
      open = "";
      show(path);
      showStatus();
    },
  }),
);
find("delete-file")?.addEventListener("click", () => {
  // Undone by not saving, so nobody is asked.
  files.remove(open);
  states.delete(open);
  open = "";
  show(files.paths[0] ?? "");
  showStatus();
});

document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey)) return;
  if (event.key.toLowerCase() === "s") {
    event.preventDefault();
    save();
  } else if (event.key === "Enter" && document.querySelector("#test-form")) {
    event.preventDefault();
    event.stopPropagation();
    document.querySelector("#test-form").requestSubmit();
  }
}, true);
find("save")?.addEventListener("click", save);
find("deploy")?.addEventListener("click", deploy);
document.addEventListener("click", (event) => {
  const door = event.target.closest("[data-go-file]");
  if (!door || !files.get(door.dataset.goFile)) return;
  event.preventDefault();
  show(door.dataset.goFile, Number(door.dataset.goLine));
});
const testToggle = find("toggle-test");
testToggle?.addEventListener("click", () => {
  const hidden = document.querySelector(".code-page").classList.toggle("without-test");
  testToggle.setAttribute("aria-expanded", String(!hidden));
});
// The wizard's form saves the editor before it goes on.
document.querySelector("form[data-saves-editor]")?.addEventListener("submit", (event) => {
  if (!files.changed) return;
  event.preventDefault();
  const form = event.target;
  save().then((done) => done && form.submit());
});

show(root.dataset.openFile || content.main, Number(root.dataset.openLine) || 0);
showStatus();
