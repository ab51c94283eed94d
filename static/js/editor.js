// The Code tab and the wizard's third step: one editor, its tree of files, and what belongs to them, wired together.

import { completion } from "./editor/complete.js";
import { makeCompare } from "./editor/compare.js";
import { entriesOf } from "./editor/drop.js";
import { Files } from "./editor/files.js";
import { makeFolders } from "./editor/folders.js";
import { makePackages } from "./editor/packages.js";
import { makeProblems } from "./editor/problems.js";
import { makeSaving } from "./editor/saving.js";
import { makeSearch } from "./editor/search.js";
import { ask } from "./editor/server.js";
import { newState } from "./editor/setup.js";
import { makeTree } from "./editor/tree.js";
import { size } from "./units.js";

const { EditorView } = CM;
const root = document.querySelector("#editor");
const find = (name) => document.querySelector(`[data-${name}]`);
const load = (id) => JSON.parse(document.querySelector(id).textContent);
const content = load("#editor-content");
const words = load("#editor-words");
const states = new Map(); // path -> CodeMirror state, so that undo and cursor outlive a change of file

const editor = {
  files: new Files(content, words),
  readOnly: root.hasAttribute("data-read-only"),
  view: null,
  open: "",
  note: "",
  show,
  change,
  replace,
  put,
  reopen,
  showStatus,
  drawAll,
  recheck: () => problems.later(),
  say(text) {
    editor.note = text;
    showStatus();
  },
};
const { files } = editor;
const folders = makeFolders(editor, { tree: () => tree, states, unpackUrl: root.dataset.unpackUrl });
const tree = makeTree({
  list: find("file-list"), files, readOnly: editor.readOnly,
  act: {
    ...folders,
    open: (path, focus) => (show(path), focus && editor.view?.focus()),
    dropped: (transfer, folder) => folders.take(entriesOf(transfer), folder),
  },
});
const problems = makeProblems(editor, { url: root.dataset.lintUrl, suffixes: words.linted });
const saving = makeSaving(editor, { saveUrl: root.dataset.saveUrl, deployUrl: root.dataset.deployUrl, liveVersion: root.dataset.liveVersion });
const search = makeSearch(editor);
makeCompare(editor, { url: root.dataset.versionUrl });
makePackages(editor, { url: root.dataset.packageUrl, manifest: words.manifest });

// Text

function stateOf(path) {
  if (!states.has(path)) {
    const more = completion({ words, files, path });
    states.set(path, newState(files.get(path).text, { path, label: path, readOnly: editor.readOnly, changed: onUpdate, more }));
  }
  return states.get(path);
}

function onUpdate(update) {
  if (update.docChanged) {
    files.write(editor.open, update.state.doc.toString());
    editor.note = "";
    showStatus();
    tree.mark(editor.open);
    problems.later();
  }
  if (update.docChanged || update.selectionSet) showCursor(update.state);
  if (update.transactions.some((transaction) => transaction.effects.length)) problems.list();
}

// Shows a file; `at` has line, and column and length of what to select in it.
function show(path, at = null) {
  if (!files.get(path)) path = files.paths[0] ?? "";
  if (editor.view && states.has(editor.open)) states.set(editor.open, editor.view.state);
  editor.open = path;
  const file = files.get(path);
  const isText = Boolean(file) && file.text !== null;
  find("open-path").textContent = path || "No file";
  find("editor").hidden = !isText;
  find("editor-message").hidden = isText;
  find("editor-message").textContent = file ? `A binary file of ${size(file.size)}: it is kept as it is and can be renamed or deleted.` : "No files yet. Make one, choose starter code, or drop files here.";
  if (find("format")) find("format").disabled = !isText || !words.formatted.some((suffix) => path.endsWith(suffix));
  for (const name of ["rename-file", "delete-file"]) if (find(name)) find(name).disabled = !path;
  if (isText) {
    if (editor.view) editor.view.setState(stateOf(path));
    else editor.view = new EditorView({ state: stateOf(path), parent: find("editor") });
    showCursor(editor.view.state);
    problems.mark();
    if (at) jump(at);
  }
  tree.choose(path);
  tree.draw(path);
}

function jump({ line, column = 0, length = 0 }) {
  const { view } = editor;
  const target = view.state.doc.line(Math.min(Math.max(1, line), view.state.doc.lines));
  const anchor = column ? Math.min(target.from + column - 1, target.to) : target.from;
  const head = column ? Math.min(anchor + length, view.state.doc.length) : target.to;
  view.dispatch({ selection: { anchor, head }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
  view.focus();
}

// Changes a text that may not be the open one; undo takes it back.
function change(path, changes) {
  // Its own step for undo, however soon after typing.
  const step = { changes, userEvent: "input.replace" };
  if (path === editor.open) editor.view.dispatch(step);
  else {
    states.set(path, stateOf(path).update(step).state);
    files.write(path, states.get(path).doc.toString());
    drawAll();
    problems.later();
  }
}

// Gives a file another text, changing only the part that differs, so that the cursor stays where it was.
function replace(path, text) {
  const before = (path === editor.open ? editor.view.state : stateOf(path)).doc.toString();
  const most = Math.min(before.length, text.length);
  let start = 0;
  let end = 0;
  while (start < most && before[start] === text[start]) start += 1;
  while (end < most - start && before.at(-1 - end) === text.at(-1 - end)) end += 1;
  if (before !== text) change(path, { from: start, to: before.length - end, insert: text.slice(start, text.length - end) });
}

function put(found) {
  for (const file of found) {
    states.delete(file.path);
    files.put(file);
  }
  if (found.some((file) => file.path === editor.open)) reopen();
  drawAll();
  problems.later();
}

function reopen() {
  states.clear();
  const path = editor.open;
  editor.open = "";
  show(path);
  drawAll();
  problems.later();
}

async function format() {
  const path = editor.open;
  const sent = files.get(path)?.text ?? null;
  if (editor.readOnly || sent === null) return;
  try {
    const { text } = await ask(root.dataset.formatUrl, { json: { path, text: sent } });
    if (files.get(path)?.text !== sent) return editor.say("Not formatted: the text has changed meanwhile");
    // The formatters end lines as the text does; CodeMirror counts each end as one.
    replace(path, text.replace(/\r\n?/g, "\n"));
    editor.say(text === sent ? "Formatted already" : "Formatted");
  } catch (error) {
    showStatus(`Not formatted: ${error.message}`);
  }
}

// Status

function showCursor(state) {
  const head = state.selection.main.head;
  const at = state.doc.lineAt(head);
  find("cursor").textContent = `Line ${at.number}, column ${head - at.from + 1}`;
}

function standing() {
  const { liveVersion } = saving.state;
  const changed = files.changed;
  if (saving.state.saving) return ["saving", "Saving"];
  if (changed) return ["unsaved", changed === 1 ? "Unsaved changes in 1 file" : `Unsaved changes in ${changed} files`];
  if (files.deployed) return ["deployed", liveVersion ? `Saved. Version ${liveVersion} is deployed from this` : "Saved and deployed"];
  return ["saved", liveVersion ? `Saved. Deployed differs (version ${liveVersion})` : "Saved. Not deployed yet"];
}

function showStatus(trouble = "") {
  const [state, said] = standing();
  root.dataset.state = trouble ? "trouble" : state;
  find("status").textContent = trouble || (editor.note ? `${editor.note}. ${said}` : said);
  const changed = files.changed > 0;
  if (changed) document.body.dataset.unsaved = "1";
  else delete document.body.dataset.unsaved;
  if (find("upload-token")) find("upload-token").value = files.token; // who may only read uploads nothing
  find("size").textContent = size(files.size);
  if (find("save")) find("save").disabled = !changed || Boolean(saving.state.saving);
  const runs = find("run-words");
  if (runs) runs.textContent = changed ? "Save and run" : "Run test";
}

function drawAll() {
  tree.draw(editor.open);
  showStatus();
}

// Keys and buttons

const chosen = () => tree.chosen || editor.open;
const BUTTONS = {
  "new-file": folders.newFile, "new-folder": folders.newFolder,
  "rename-chosen": () => chosen() && folders.rename(chosen()), "delete-chosen": () => chosen() && folders.remove(chosen()),
  "rename-file": () => folders.rename(editor.open), "delete-file": () => folders.remove(editor.open), "add-files": () => find("files-input").click(),
  format, save: saving.save, deploy: saving.deploy,
};
for (const [name, act] of Object.entries(BUTTONS)) find(name)?.addEventListener("click", () => act());
find("files-input")?.addEventListener("change", ({ target }) => {
  const chosenFiles = [...target.files];
  target.value = "";
  folders.take(chosenFiles, folders.here().slice(0, -1));
});
document.querySelector(".editor-files .menu").addEventListener("click", ({ currentTarget, target }) => {
  if (target.closest("li")) currentTarget.open = false;
});
const text = find("editor").parentElement;
text.addEventListener("dragover", (event) => !editor.readOnly && event.dataTransfer.types.includes("Files") && event.preventDefault());
text.addEventListener("drop", (event) => {
  if (editor.readOnly || !event.dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  event.stopPropagation();
  folders.take(entriesOf(event.dataTransfer), "");
}, true);

function keyOf(event) {
  const control = event.ctrlKey || event.metaKey;
  if (control && event.shiftKey && event.code === "KeyF") return search.open;
  if (control && event.shiftKey && event.code === "KeyM") return problems.reveal;
  if (event.altKey && event.shiftKey && event.code === "KeyF") return format;
  if (control && !event.shiftKey && event.key.toLowerCase() === "s") return saving.save;
  const form = document.querySelector("#test-form");
  return control && event.key === "Enter" && form ? () => form.requestSubmit() : null;
}
document.addEventListener("keydown", (event) => {
  const act = keyOf(event);
  if (!act || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  event.stopPropagation();
  act();
}, true);
document.addEventListener("click", (event) => {
  const door = event.target.closest("[data-go-file]");
  if (!door || !files.get(door.dataset.goFile)) return;
  event.preventDefault();
  show(door.dataset.goFile, { line: Number(door.dataset.goLine) });
});
const testToggle = find("toggle-test");
testToggle?.addEventListener("click", () => {
  const hidden = document.querySelector(".code-page").classList.toggle("without-test");
  testToggle.setAttribute("aria-expanded", String(!hidden));
});

const line = Number(root.dataset.openLine) || 0;
show(root.dataset.openFile || content.main, line ? { line } : null);
showStatus();
problems.check();
