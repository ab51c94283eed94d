// Files and folders made, renamed, moved, deleted and taken in from outside. All of it is a change until it is saved.

import { read } from "./drop.js";
import { askPath } from "./path_dialog.js";

export function makeFolders(editor, { tree, states, unpackUrl }) {
  const { files } = editor;
  const folderOf = (path) => path.slice(0, path.lastIndexOf("/") + 1);
  const here = () => (files.folders.has(tree().chosen) ? `${tree().chosen}/` : folderOf(tree().chosen));

  function newFile() {
    askPath({ files, title: "New file", button: "Create", value: here(), then: (path) => (files.add(path), editor.show(path), editor.drawAll(), editor.view.focus()) });
  }

  function newFolder() {
    askPath({
      files, title: "New folder", button: "Create", value: here(),
      then: (path) => (files.empty.add(path), editor.drawAll(), tree().choose(path, true), editor.say("An empty folder is kept once a file is in it")),
    });
  }

  function rename(from) {
    askPath({ files, title: `Rename or move ${from}`, button: "Rename", value: from, renaming: from, then: (to) => moved(from, to) });
  }

  function move(from, folder) {
    const to = `${folder ? `${folder}/` : ""}${from.slice(from.lastIndexOf("/") + 1)}`;
    if (to === from) return;
    const wrong = files.problem(to, from);
    if (wrong) editor.showStatus(`Not moved: ${wrong}`);
    else moved(from, to);
  }

  function moved(from, to) {
    if (from === to) return;
    const moves = new Map(files.rename(from, to));
    const shown = moves.get(editor.open) ?? editor.open;
    for (const path of moves.keys()) states.delete(path);
    if (shown !== editor.open) editor.open = "";
    editor.show(shown);
    editor.drawAll();
    tree().choose(to, true);
    editor.recheck();
  }

  function remove(path) {
    // Undone by the button in the status line, or by not saving, so nobody is asked.
    const before = files.within(path).map((each) => [each, files.get(each)]);
    files.remove(path);
    for (const [each] of before) states.delete(each);
    if (!files.get(editor.open)) editor.open = "";
    editor.show(editor.open || (files.paths[0] ?? ""));
    editor.say(before.length > 1 ? `Deleted ${before.length} files` : `Deleted ${path}`);
    editor.recheck();
    const undo = document.querySelector("[data-undo]");
    undo.hidden = false;
    undo.onclick = () => {
      for (const [each, file] of before) if (!files.problem(each)) files.here.set(each, file);
      undo.hidden = true;
      editor.note = "";
      editor.drawAll();
      editor.show(before[0]?.[0] ?? editor.open);
      editor.recheck();
    };
  }

  async function take(entries, folder) {
    editor.say("Reading the files");
    try {
      const found = await read({ entries, folder, url: unpackUrl, files });
      const replaced = found.filter((file) => files.get(file.path)).length;
      editor.put(found);
      if (!editor.open || replaced === 0) editor.show(found[0]?.path ?? editor.open);
      const count = found.length === 1 ? "1 file" : `${found.length} files`;
      editor.say(replaced ? `Took in ${count}, ${replaced} of them in place of others` : `Took in ${count}`);
    } catch (error) {
      editor.note = "";
      editor.showStatus(`Nothing was taken in. ${error.message}`);
    }
  }

  return { here, newFile, newFolder, rename, move, remove, take };
}
