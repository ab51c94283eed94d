// "Add package": versions from the index through the server, written as a line of the manifest.

import { ask } from "./server.js";

const PAUSE_MS = 250;
const dialog = document.querySelector("#add-package");
const at = (name) => dialog.querySelector(`[data-package-${name}]`);
const canonical = (name) => name.toLowerCase().replace(/[-_.]+/g, "-");

// The text of requirements.txt with a line for the package, in place of one that names it already.
export function withRequirement(text, name, version) {
  const line = version ? `${name}==${version}` : name;
  const lines = text.split("\n");
  const found = lines.findIndex((each) => canonical(/^\s*([A-Za-z0-9._-]+)/.exec(each)?.[1] ?? "") === canonical(name));
  if (found >= 0) lines[found] = line;
  else lines.splice(lines.at(-1) === "" ? -1 : lines.length, 0, line);
  const whole = lines.join("\n");
  return whole.endsWith("\n") ? whole : `${whole}\n`;
}

// The text of package.json with the dependency; throws if it is not JSON.
export function withDependency(text, name, version) {
  const document = text.trim() ? JSON.parse(text) : {};
  const dependencies = { ...document.dependencies, [name]: version ? `^${version}` : "*" };
  const sorted = Object.fromEntries(Object.entries(dependencies).sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify({ ...document, dependencies: sorted }, null, 2)}\n`;
}

export function makePackages(editor, { url, manifest }) {
  let name = "";

  function say(words, isTrouble = false) {
    at("status").textContent = words;
    at("name").toggleAttribute("aria-invalid", isTrouble);
    if (isTrouble) at("name").setAttribute("aria-invalid", "true");
  }

  // Names for what was typed so far. The last one typed wins, however long an answer takes.
  let asked = 0;
  async function suggest() {
    const typed = at("name").value.trim();
    const mine = ++asked;
    if (typed.length < 2 || [...at("names").children].some((each) => each.value === typed)) return;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    if (mine !== asked) return;
    try {
      const { names } = await ask(`${url}?${new URLSearchParams({ q: typed })}`);
      if (mine === asked) at("names").replaceChildren(...names.map((each) => new Option(each, each)));
    } catch {
      // Without suggestions the whole name is typed.
    }
  }

  async function lookUp() {
    name = at("name").value.trim();
    at("choice").hidden = at("add").hidden = true;
    if (!name) return say("Enter the name of a package.", true);
    say("Asking the index");
    at("find").disabled = true;
    try {
      const found = await ask(`${url}?${new URLSearchParams({ name })}`);
      at("version").replaceChildren(...found.versions.map((version, index) => new Option(index ? version : `${version} (newest)`, version)));
      at("choice").hidden = at("add").hidden = false;
      say(`${found.versions.length === 1 ? "1 version" : `${found.versions.length} versions`} of ${found.name}`);
      at("version").focus();
    } catch (error) {
      say(error.message, true);
    } finally {
      at("find").disabled = false;
    }
  }

  function add() {
    const text = editor.files.get(manifest)?.text ?? "";
    const write = manifest === "package.json" ? withDependency : withRequirement;
    try {
      const changed = write(text, name, at("version").value);
      if (editor.files.get(manifest)) editor.replace(manifest, changed);
      else editor.put([{ path: manifest, text: changed, size: changed.length, executable: false }]);
    } catch {
      return say(`${manifest} is not JSON: mend it first.`, true);
    }
    dialog.close();
    editor.show(manifest);
    editor.say(`${name} is in ${manifest}. The next deploy installs it`);
  }

  if (!dialog) return;
  dialog.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (!at("add").hidden && at("name").value.trim() === name) add();
    else lookUp();
  });
  at("find").addEventListener("click", lookUp);
  at("name").addEventListener("input", suggest);
  document.querySelector("[data-add-package]").addEventListener("click", () => {
    at("name").value = "";
    at("choice").hidden = at("add").hidden = true;
    say("");
    dialog.showModal();
  });
}
