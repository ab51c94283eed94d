// The tree of files and folders: chosen by click and arrows, renamed by F2, deleted by Delete, moved by dragging.

// `act` has open(path), rename(path), remove(path), move(from, folder), dropped(event, folder).
export function makeTree({ list, files, readOnly, act }) {
  const closed = new Set();
  let chosen = "";

  const parentOf = (path) => path.slice(0, Math.max(0, path.lastIndexOf("/")));
  const isHidden = (path) => {
    for (let folder = parentOf(path); folder; folder = parentOf(folder)) if (closed.has(folder)) return true;
    return false;
  };

  // Folders before files at each level, as file managers show them.
  function rows() {
    const folders = files.folders;
    const key = (path) => path.split("/").map((part, index, parts) => (index < parts.length - 1 || folders.has(path) ? `0${part}` : `1${part}`)).join("/");
    return [...folders, ...files.paths].map((path) => ({ path, isFolder: folders.has(path), key: key(path) })).sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  function item({ path, isFolder }) {
    const depth = path.split("/").length - 1;
    const element = document.createElement("li");
    element.className = `${isFolder ? "file file-folder" : "file"} depth-${Math.min(depth, 6)}`;
    element.textContent = path.slice(path.lastIndexOf("/") + 1);
    element.title = path;
    element.tabIndex = -1;
    element.dataset.path = path;
    element.draggable = !readOnly;
    element.setAttribute("role", "treeitem");
    element.setAttribute("aria-level", depth + 1);
    if (isFolder) element.setAttribute("aria-expanded", String(!closed.has(path)));
    return element;
  }

  function mark(path) {
    const element = list.querySelector(`[data-path="${CSS.escape(path)}"]`);
    if (element && files.get(path)) element.dataset.changed = files.isChanged(path) ? "1" : "";
  }

  function choose(path, focus = false) {
    chosen = path;
    for (const element of list.children) {
      const isChosen = element.dataset.path === path;
      element.setAttribute("aria-selected", String(isChosen));
      element.tabIndex = isChosen ? 0 : -1;
      if (isChosen && focus) element.focus();
    }
    if (!list.querySelector('[tabindex="0"]') && list.firstElementChild) list.firstElementChild.tabIndex = 0;
  }

  function draw(open) {
    const focused = list.contains(document.activeElement);
    list.replaceChildren(...rows().filter(({ path }) => !isHidden(path)).map(item));
    list.querySelector(`[data-path="${CSS.escape(open)}"]`)?.setAttribute("aria-current", "true");
    files.paths.forEach(mark);
    choose(files.get(chosen) || files.folders.has(chosen) ? chosen : open, focused);
  }

  function toggle(path, shut = !closed.has(path)) {
    if (shut) closed.add(path);
    else closed.delete(path);
    draw(list.querySelector("[aria-current]")?.dataset.path ?? "");
    choose(path, true);
  }

  list.addEventListener("click", ({ target }) => {
    const path = target.closest("[data-path]")?.dataset.path;
    if (path === undefined) return;
    choose(path, true);
    if (files.get(path)) act.open(path);
    else toggle(path);
  });

  const KEYS = {
    ArrowDown: (element) => choose((element.nextElementSibling ?? element).dataset.path, true),
    ArrowUp: (element) => choose((element.previousElementSibling ?? element).dataset.path, true),
    Home: () => choose(list.firstElementChild.dataset.path, true),
    End: () => choose(list.lastElementChild.dataset.path, true),
    ArrowRight: (element, path) => element.getAttribute("aria-expanded") === "false" ? toggle(path, false) : KEYS.ArrowDown(element),
    ArrowLeft: (element, path) => element.getAttribute("aria-expanded") === "true" ? toggle(path, true) : choose(parentOf(path) || path, true),
    Enter: (_, path) => (files.get(path) ? act.open(path, true) : toggle(path)),
    " ": (_, path) => KEYS.Enter(_, path),
    F2: (_, path) => !readOnly && act.rename(path),
    Delete: (_, path) => !readOnly && act.remove(path),
  };
  list.addEventListener("keydown", (event) => {
    const element = event.target.closest("[data-path]");
    if (!element || !KEYS[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    KEYS[event.key](element, element.dataset.path);
  });

  // Dragging: an item of the tree moves; what comes from outside is added.
  const folderAt = (target) => {
    const path = target.closest?.("[data-path]")?.dataset.path ?? "";
    return files.get(path) ? parentOf(path) : path;
  };
  const light = (folder) => {
    for (const element of list.children) element.classList.toggle("file-target", Boolean(folder) && element.dataset.path === folder);
  };
  list.addEventListener("dragstart", (event) => {
    event.dataTransfer.setData("text/x-functory-path", event.target.dataset.path);
    event.dataTransfer.effectAllowed = "move";
  });
  const place = list.parentElement;
  place.addEventListener("dragover", (event) => {
    if (readOnly || !(event.dataTransfer.types.includes("Files") || event.dataTransfer.types.includes("text/x-functory-path"))) return;
    event.preventDefault();
    place.classList.add("dropping");
    light(folderAt(event.target));
  });
  const calm = () => (place.classList.remove("dropping"), light(""));
  place.addEventListener("dragleave", (event) => !place.contains(event.relatedTarget) && calm());
  place.addEventListener("drop", (event) => {
    if (readOnly) return;
    event.preventDefault();
    calm();
    const from = event.dataTransfer.getData("text/x-functory-path");
    const folder = folderAt(event.target);
    if (from) act.move(from, folder);
    else act.dropped(event.dataTransfer, folder);
  });

  return { draw, mark, choose, get chosen() { return chosen; } };
}
