// Saving and deploying: one save at a time, somebody else's is never overwritten, and what runs is what was saved.

import { ask } from "./server.js";
import { showConflict } from "./conflict.js";

export function makeSaving(editor, { saveUrl, deployUrl, liveVersion }) {
  const { files } = editor;
  const state = { saving: null, liveVersion };
  let waits = null;

  // Resolves to true once everything typed before the call is saved.
  function save() {
    if (state.saving) return state.saving.then(save);
    if (editor.readOnly || !files.changed) return Promise.resolve(true);
    if (files.excess) {
      editor.showStatus(`Not saved: ${files.excess}`);
      return Promise.resolve(false);
    }
    const sent = files.changes();
    state.saving = send(sent).then(
      () => end(""),
      (error) => end(error.message),
    );
    editor.showStatus();
    return state.saving;
  }

  function end(trouble) {
    state.saving = null;
    if (trouble) editor.showStatus(`Not saved: ${trouble}`);
    else editor.drawAll();
    return !trouble;
  }

  async function send(sent) {
    try {
      files.accept(sent, await ask(saveUrl, { json: sent }));
    } catch (error) {
      if (error.status !== 412) throw error;
      const { theirs } = error.answer;
      showConflict({ files, theirs, by: error.answer.error.by, decide: (choice) => settle(choice, theirs) });
      throw new Error("somebody else has saved meanwhile.");
    }
  }

  function settle(choice, theirs) {
    if (choice === "theirs") files.load(theirs);
    editor.reopen();
    if (choice === "mine") save();
  }

  // What is here is saved first; the progress fragment asks for itself and tells when it has ended.
  async function deploy() {
    if (!(await save())) return false;
    const ended = new Promise((resolve) => (waits = resolve));
    await htmx.ajax("POST", deployUrl, { target: "#deploy-place", swap: "innerHTML" });
    return ended;
  }
  document.addEventListener("functory:deployed", ({ detail }) => {
    const succeeded = detail.state === "succeeded";
    if (succeeded) {
      files.deployed = detail.token === files.token;
      state.liveVersion = detail.version ?? state.liveVersion;
    }
    editor.showStatus();
    waits?.(succeeded);
    waits = null;
  });

  // A test of the draft runs what is saved, so what is here is saved first. Callers go on getting what is live.
  document.addEventListener("htmx:confirm", (event) => {
    if (event.target.id !== "test-form" || !files.changed || !runsDraft(event.target)) return;
    event.preventDefault();
    save().then((done) => done && event.detail.issueRequest());
  });
  // The wizard's form saves the editor before it goes on.
  document.querySelector("form[data-saves-editor]")?.addEventListener("submit", (event) => {
    if (!files.changed) return;
    event.preventDefault();
    const form = event.target;
    save().then((done) => done && form.submit());
  });

  return { state, save, deploy };
}

function runsDraft(form) {
  return form.elements.target?.value === "draft";
}
