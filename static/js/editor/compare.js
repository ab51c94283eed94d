// The draft beside any version: file by file, the draft's side can be edited and single changes taken over.

import { ask } from "./server.js";
import { extensions } from "./setup.js";

const dialog = document.querySelector("#compare-versions");
const at = (name) => dialog.querySelector(`[data-compare-${name}]`);

// What differs, by path: {path, words} with how it differs.
function differences(files, theirs) {
  const paths = [...new Set([...files.paths, ...theirs.keys()])].sort();
  const kind = (path) => {
    if (!theirs.has(path)) return "only in the draft";
    if (!files.get(path)) return "only in the version";
    const [here, there] = [files.get(path), theirs.get(path)];
    if (here.text === null) return here.size === there.size ? "" : "changed, not text";
    return here.text === there.text ? "" : "changed";
  };
  return paths.map((path) => ({ path, words: kind(path) })).filter(({ words }) => words);
}

export function makeCompare(editor, { url }) {
  let view = null;
  let theirs = new Map();

  function keep() {
    if (!view) return;
    const text = view.merge.b.state.doc.toString();
    const here = editor.files.get(view.path);
    if (here && here.text !== null && here.text !== text) editor.replace(view.path, text);
    else if (!here && text) editor.put([{ path: view.path, text, size: text.length, executable: theirs.get(view.path).executable }]);
    view.merge.destroy();
    view = null;
  }

  function show(path) {
    keep();
    const [there, here] = [theirs.get(path), editor.files.get(path)];
    const isText = there?.text !== null && here?.text !== null;
    at("message").hidden = isText;
    at("view").hidden = !isText;
    if (!isText) return;
    const side = (label, readOnly) => extensions({ path, label: `${label}: ${path}`, readOnly });
    const merge = new CM.MergeView({
      a: { doc: there?.text ?? "", extensions: side(`Version ${at("version").value}`, true) },
      b: { doc: here?.text ?? "", extensions: side("Draft", editor.readOnly) },
      parent: at("view"),
      revertControls: editor.readOnly ? undefined : "a-to-b",
      collapseUnchanged: { margin: 3, minSize: 6 },
    });
    view = { path, merge };
  }

  function list() {
    const found = differences(editor.files, theirs);
    at("file").replaceChildren(...found.map(({ path, words }) => new Option(`${path} (${words})`, path)));
    at("file").disabled = !found.length;
    at("summary").textContent = found.length ? `${found.length === 1 ? "1 file differs" : `${found.length} files differ`} from version ${at("version").value}.` : `The draft is the same as version ${at("version").value}.`;
    if (found.length) show(found[0].path);
  }

  async function load() {
    keep();
    theirs = new Map();
    at("message").hidden = at("view").hidden = true;
    at("summary").textContent = "Loading";
    try {
      const { files } = await ask(url.replace("/0/", `/${at("version").value}/`));
      theirs = new Map(files.map((file) => [file.path, file]));
      list();
    } catch (error) {
      at("summary").textContent = error.message;
      at("file").replaceChildren();
    }
  }

  if (!dialog) return;
  at("version").addEventListener("change", load);
  at("file").addEventListener("change", () => show(at("file").value));
  dialog.addEventListener("close", keep);
  const open = () => {
    dialog.showModal();
    load();
  };
  document.querySelector("[data-compare]").addEventListener("click", open);
  // The Versions tab leads here with a version, which may be older than those listed.
  const asked = new URLSearchParams(location.search).get("compare");
  if (!/^\d+$/.test(asked ?? "")) return;
  if (![...at("version").options].some((option) => option.value === asked)) at("version").add(new Option(asked, asked));
  at("version").value = asked;
  open();
}
