// The files of a draft as they are here: which are changed, added, moved or removed against what is saved.

export class Files {
  constructor(content) {
    this.load(content);
  }

  load({ token, files, deployed }) {
    this.token = token;
    this.deployed = deployed;
    this.saved = new Map(files.map((file) => [file.path, file]));
    this.here = new Map(files.map((file) => [file.path, { ...file, origin: file.path }]));
  }

  get paths() {
    return [...this.here.keys()].sort();
  }

  get(path) {
    return this.here.get(path);
  }

  write(path, text) {
    this.here.get(path).text = text;
  }

  isChanged(path) {
    const file = this.here.get(path);
    const saved = this.saved.get(file.origin ?? "");
    return !saved || file.origin !== path || file.text !== saved.text;
  }

  get changed() {
    const removed = this.removed.length;
    return this.paths.filter((path) => this.isChanged(path)).length + removed;
  }

  get removed() {
    const kept = new Set([...this.here.values()].map((file) => file.origin));
    return [...this.saved.keys()].filter((path) => !kept.has(path));
  }

  get size() {
    const encoder = new TextEncoder();
    let bytes = 0;
    for (const file of this.here.values()) bytes += file.text === null ? file.size : encoder.encode(file.text).length;
    return bytes;
  }

  // What is wrong with a path for a new or renamed file, "" if nothing.
  problem(path, renaming = "") {
    if (!path) return "Enter a path.";
    if (path.length > 512) return "A path has at most 512 characters.";
    if (path.startsWith("/") || path.includes("\\") || path.split("/").some((part) => part === "" || part === "." || part === "..")) {
      return "A path stays inside the function: no leading slash, no . or .. parts.";
    }
    for (const other of this.here.keys()) {
      if (other === renaming) continue;
      if (other === path) return "A file of this name exists.";
      if (other.startsWith(`${path}/`) || path.startsWith(`${other}/`)) return "A file lies where its folder should be.";
    }
    return "";
  }

  add(path) {
    this.here.set(path, { path, text: "", executable: path === "bootstrap" || path.endsWith(".sh"), origin: null, size: 0 });
  }

  rename(from, to) {
    const file = this.here.get(from);
    this.here.delete(from);
    this.here.set(to, { ...file, path: to });
  }

  remove(path) {
    this.here.delete(path);
  }

  // What a save sends: text that differs, paths to drop, and binary files that moved (the server has them).
  changes() {
    const files = {};
    const moved = {};
    const removed = [...this.removed];
    for (const file of this.here.values()) {
      if (!this.isChanged(file.path)) continue;
      if (file.text === null) moved[file.origin] = file.path;
      else files[file.path] = { text: file.text, executable: file.executable };
      if (file.origin && file.origin !== file.path && !this.here.has(file.origin)) removed.push(file.origin);
    }
    return { token: this.token, files, moved, removed: [...new Set(removed)] };
  }

  // A save was taken: what was sent is what is saved; typing meanwhile stays a change.
  accept(sent, { token, deployed }) {
    this.token = token;
    this.deployed = deployed;
    for (const path of sent.removed) this.saved.delete(path);
    for (const [path, file] of Object.entries(sent.files)) this.saved.set(path, { ...file, path });
    for (const to of Object.values(sent.moved)) this.saved.set(to, { ...this.here.get(to), path: to });
    for (const file of this.here.values()) if (this.saved.has(file.path)) file.origin = file.path;
  }

  // Somebody else saved: their version of what was not touched here is taken as it is; what differs is given.
  merge(theirs) {
    const theirPaths = new Map(theirs.files.map((file) => [file.path, file]));
    const untouched = this.paths.filter((path) => !this.isChanged(path));
    for (const path of untouched) {
      if (theirPaths.has(path)) this.here.set(path, { ...theirPaths.get(path), origin: path });
      else this.here.delete(path);
    }
    const gone = new Set(this.removed);
    for (const [path, file] of theirPaths) {
      if (!this.here.has(path) && !gone.has(path)) this.here.set(path, { ...file, origin: path });
    }
    this.token = theirs.token;
    this.deployed = false;
    this.saved = theirPaths;
    for (const file of this.here.values()) file.origin = theirPaths.has(file.path) ? file.path : null;
    return this.paths.filter((path) => this.here.get(path).text !== null && this.isChanged(path));
  }
}
