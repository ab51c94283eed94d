// The files of a draft as they are here: which are changed, added, moved or removed against what is saved. Folders
// exist by the files in them; an empty one is remembered here only.

const encoder = new TextEncoder();

// Browsers do not say which files may be executed: the ones that are meant to be, by their names.
export const isExecutable = (path) => /(^|\/)bootstrap$|\.sh$/.test(path);

export class Files {
  constructor(content, { most_files: mostFiles, most_bytes: mostBytes }) {
    this.mostFiles = mostFiles;
    this.mostBytes = mostBytes;
    this.empty = new Set();
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

  get folders() {
    const found = new Set();
    for (const path of [...this.here.keys(), ...[...this.empty].map((folder) => `${folder}/`)]) {
      for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) found.add(path.slice(0, at));
    }
    return found;
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
    return !saved || file.origin !== path || file.text !== saved.text || file.base64 !== undefined;
  }

  get changed() {
    return this.paths.filter((path) => this.isChanged(path)).length + this.removed.length;
  }

  get removed() {
    const kept = new Set([...this.here.values()].map((file) => file.origin));
    return [...this.saved.keys()].filter((path) => !kept.has(path));
  }

  get size() {
    let bytes = 0;
    for (const file of this.here.values()) bytes += file.text === null ? file.size : encoder.encode(file.text).length;
    return bytes;
  }

  // What keeps all of this from being saved, "" if nothing.
  get excess() {
    if (this.here.size > this.mostFiles) return `These are ${this.here.size} files; the editor holds ${this.mostFiles}. Upload a zip instead.`;
    if (this.size > this.mostBytes) return `This is more than ${this.mostBytes / 1024 / 1024} MB, which is what the editor holds. Upload a zip instead.`;
    return "";
  }

  // What is wrong with a path for a new or renamed file or folder, "" if nothing.
  problem(path, renaming = "") {
    if (!path) return "Enter a path.";
    if (path.length > 512) return "A path has at most 512 characters.";
    if (path.startsWith("/") || path.includes("\\") || path.split("/").some((part) => part === "" || part === "." || part === "..")) {
      return "A path stays inside the function: no leading slash, no . or .. parts.";
    }
    if (renaming && path.startsWith(`${renaming}/`)) return "A folder cannot lie in itself.";
    if (path !== renaming && this.folders.has(path)) return "A folder of this name exists.";
    for (const other of this.here.keys()) {
      if (other === renaming || (renaming && other.startsWith(`${renaming}/`))) continue;
      if (other === path) return "A file of this name exists.";
      if (path.startsWith(`${other}/`)) return "A file lies where its folder should be.";
    }
    return "";
  }

  add(path) {
    this.put({ path, text: "", executable: isExecutable(path), size: 0 });
  }

  // A file with its content, in place of one of the same path.
  put(file) {
    const before = this.here.get(file.path);
    this.here.set(file.path, { ...file, executable: file.executable || Boolean(before?.executable), origin: before?.origin ?? null });
    for (const folder of this.empty) if (file.path.startsWith(`${folder}/`)) this.empty.delete(folder);
  }

  // A file, or a folder with all that is in it; gives [from, to] of every file that moved.
  rename(from, to) {
    const moves = this.within(from).map((path) => [path, to + path.slice(from.length)]);
    const moved = moves.map(([path, target]) => ({ ...this.here.get(path), path: target }));
    for (const [path] of moves) this.here.delete(path);
    for (const file of moved) this.here.set(file.path, file);
    if (this.empty.delete(from)) this.empty.add(to);
    return moves;
  }

  remove(path) {
    for (const each of this.within(path)) this.here.delete(each);
    this.empty.delete(path);
  }

  // The files at or below a path.
  within(path) {
    return this.paths.filter((each) => each === path || each.startsWith(`${path}/`));
  }

  // What a save sends: content that differs, paths to drop, and binary files that moved (the server has them).
  changes() {
    const files = {};
    const moved = {};
    const removed = [...this.removed];
    for (const file of this.here.values()) {
      if (!this.isChanged(file.path)) continue;
      if (file.base64 !== undefined) files[file.path] = { base64: file.base64, executable: file.executable };
      else if (file.text === null) moved[file.origin] = file.path;
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
    for (const [path, file] of Object.entries(sent.files)) {
      const here = this.here.get(path);
      if (here && here.base64 === file.base64) delete here.base64;
      this.saved.set(path, { ...file, path, text: file.text ?? null, size: here?.size });
    }
    for (const to of Object.values(sent.moved)) this.saved.set(to, { ...this.here.get(to), path: to });
    for (const file of this.here.values()) if (this.saved.has(file.path)) file.origin = file.path;
  }

  // Somebody else saved: their version of what was not touched here is taken as it is, and what was deleted here but
  // changed there comes back; gives the paths that differ.
  merge(theirs) {
    const theirPaths = new Map(theirs.files.map((file) => [file.path, file]));
    const untouched = this.paths.filter((path) => !this.isChanged(path));
    for (const path of untouched) {
      if (theirPaths.has(path)) this.here.set(path, { ...theirPaths.get(path), origin: path });
      else this.here.delete(path);
    }
    const same = ({ path, text, size }) => text === this.saved.get(path)?.text && (text !== null || size === this.saved.get(path)?.size);
    const gone = new Set(this.removed);
    for (const [path, file] of theirPaths) {
      if (!this.here.has(path) && !(gone.has(path) && same(file))) this.here.set(path, { ...file, origin: path });
    }
    this.token = theirs.token;
    this.deployed = false;
    this.saved = theirPaths;
    for (const file of this.here.values()) file.origin = theirPaths.has(file.path) ? file.path : null;
    return this.paths.filter((path) => this.isChanged(path));
  }
}
