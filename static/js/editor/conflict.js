// Two people saved: both sides are shown, file by file, and the reader decides.

import { extensions } from "./setup.js";

const dialog = document.querySelector("#conflict");

// Calls `decide` with "mine", "theirs" or "later"; edits made here are written into `files` first.
export function showConflict({ files, theirs, by, decide }) {
  const differing = files.merge(theirs);
  const choice = dialog.querySelector("[data-conflict-file]");
  const place = dialog.querySelector("[data-conflict-view]");
  const note = dialog.querySelector("[data-conflict-note]");
  let view = null;

  const keep = () => {
    if (view && files.get(view.path)) files.write(view.path, view.merge.b.state.doc.toString());
  };
  const show = (path) => {
    keep();
    view?.merge.destroy();
    view = null;
    const [there, here] = [theirs.files.find((file) => file.path === path), files.get(path)];
    const isText = here.text !== null && there?.text !== null;
    place.hidden = !isText;
    note.hidden = isText;
    note.textContent = isText ? "" : `Not text, so there is nothing to show side by side: ${there ? `${there.size} bytes there` : "deleted there"}, ${here.size} bytes here.`;
    if (!isText) return;
    const side = (label, readOnly) => extensions({ path, label: `${label}: ${path}`, readOnly });
    view = {
      path,
      merge: new CM.MergeView({
        a: { doc: there?.text ?? "", extensions: side("Saved there", true) },
        b: { doc: here.text, extensions: side("Yours", false) },
        parent: place,
        collapseUnchanged: { margin: 3, minSize: 6 },
      }),
    };
  };
  let answer = "later";
  const end = (chosen) => {
    answer = chosen;
    dialog.close();
  };

  const who = by ? `${by} has` : "Somebody else has";
  dialog.querySelector("[data-conflict-text]").textContent = differing.length
    ? `${who} saved this function since you opened it. Nothing of yours is lost.`
    : `${who} saved this function since you opened it; your files are the same.`;
  choice.replaceChildren(...differing.map((path) => new Option(path, path)));
  choice.onchange = () => show(choice.value);
  dialog.querySelector("[data-keep-mine]").onclick = () => end("mine");
  dialog.querySelector("[data-take-theirs]").onclick = () => end("theirs");
  dialog.onclose = () => {
    keep();
    view?.merge.destroy();
    view = null;
    decide(answer);
  };
  dialog.showModal();
  if (differing.length) show(differing[0]);
}
