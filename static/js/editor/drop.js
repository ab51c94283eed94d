// Files from outside: dropped or chosen, with the folders they lie in; a zip is opened by the server, which checks
// it as it checks an upload.

import { isExecutable } from "./files.js";
import { ask } from "./server.js";

// Entries of a drop must be taken before the event is over.
export function entriesOf(transfer) {
  return [...transfer.items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
}

async function* walk(entry) {
  if (entry instanceof File) yield { path: entry.webkitRelativePath || entry.name, file: entry };
  else if (entry.isFile) yield { path: entry.fullPath.slice(1), file: await new Promise((done, fail) => entry.file(done, fail)) };
  else {
    const reader = entry.createReader();
    // A reader gives a part of a folder at a time, and nothing at its end.
    for (let part; (part = await new Promise((done, fail) => reader.readEntries(done, fail))).length; ) {
      for (const each of part) yield* walk(each);
    }
  }
}

async function contentOf(file, path) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const shape = { path, size: bytes.length, executable: isExecutable(path) };
  if (!bytes.includes(0)) {
    try {
      return { ...shape, text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
    } catch {
      // Not text: kept as it is.
    }
  }
  let binary = "";
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return { ...shape, text: null, base64: btoa(binary) };
}

async function unpack(file, url) {
  const form = new FormData();
  form.append("zip", file);
  return (await ask(url, { form })).files;
}

// The files of these entries below `folder`, as the file list takes them; throws with words for the reader.
export async function read({ entries, folder, url, files }) {
  const found = [];
  let bytes = 0;
  for (const entry of entries) {
    for await (const { path, file } of walk(entry)) {
      bytes += file.size;
      const isZip = /\.zip$/i.test(file.name);
      if (!isZip && (bytes > files.mostBytes || found.length >= files.mostFiles)) {
        throw new Error(`That is more than the editor holds (${files.mostFiles} files, ${files.mostBytes / 1024 / 1024} MB). Upload a zip instead.`);
      }
      found.push(...(isZip ? await unpack(file, url) : [await contentOf(file, path)]));
    }
  }
  const placed = found.map((file) => ({ ...file, path: folder ? `${folder}/${file.path}` : file.path }));
  for (const { path } of placed) {
    const wrong = files.get(path) ? "" : files.problem(path);
    if (wrong) throw new Error(`${path}: ${wrong}`);
  }
  return placed;
}
