// Find and replace over all files. What is replaced is a change like any other: nothing is saved by it.

const MOST_HITS = 1000;

// All matches of a query in a text: [{from, to, line, words, match}].
function matches(query, text, room) {
  const state = CM.EditorState.create({ doc: text });
  const found = [];
  const cursor = query.getCursor(state);
  for (let step = cursor.next(); !step.done && found.length < room; step = cursor.next()) {
    const { from, to, match } = step.value;
    const line = state.doc.lineAt(from);
    found.push({ from, to, match, line: line.number, column: from - line.from, words: line.text, length: Math.min(to, line.to) - from });
  }
  return found;
}

// What takes the place of a match: $1 and $& mean groups where the search is an expression.
export function replacement(query, hit) {
  const text = query.unquote(query.replace);
  if (!query.regexp) return text;
  return text.replace(/\$([$&]|\d)/g, (whole, name) => (name === "$" ? "$" : name === "&" ? hit.match[0] : (hit.match[Number(name)] ?? whole)));
}

export function makeSearch(editor) {
  const panel = document.querySelector("[data-search]");
  const field = (name) => panel.querySelector(`[name=${name}]`);
  const results = panel.querySelector("[data-search-results]");
  const status = panel.querySelector("[data-search-status]");
  const replaceAll = panel.querySelector("[data-replace-all]");
  let timer = 0;
  let hits = [];

  const queryNow = () =>
    new CM.SearchQuery({
      search: field("find").value, replace: field("replace")?.value ?? "", caseSensitive: field("case").checked,
      regexp: field("regexp").checked, wholeWord: field("word").checked, literal: !field("regexp").checked,
    });

  function run() {
    const query = queryNow();
    hits = [];
    if (!query.search) return show("");
    if (!query.valid) return show("This is not an expression that can be read.");
    for (const path of editor.files.paths) {
      const { text } = editor.files.get(path);
      if (text === null || hits.length >= MOST_HITS) continue;
      hits.push(...matches(query, text, MOST_HITS - hits.length).map((hit) => ({ ...hit, path })));
    }
    const paths = new Set(hits.map((hit) => hit.path)).size;
    const count = hits.length >= MOST_HITS ? `The first ${MOST_HITS}` : String(hits.length);
    show(hits.length ? `${count} ${hits.length === 1 ? "match" : "matches"} in ${paths === 1 ? "1 file" : `${paths} files`}` : "Nothing found");
  }

  function show(words) {
    status.textContent = words;
    if (replaceAll) replaceAll.disabled = !hits.length;
    const items = [];
    let path = "";
    for (const hit of hits.slice(0, 300)) {
      if (hit.path !== path) {
        path = hit.path;
        const heading = document.createElement("li");
        heading.className = "search-path";
        heading.textContent = path;
        items.push(heading);
      }
      items.push(row(hit));
    }
    results.replaceChildren(...items);
  }

  function row(hit) {
    const item = document.createElement("li");
    const door = document.createElement("button");
    door.type = "button";
    door.className = "file search-hit";
    const start = Math.max(0, hit.column - 16);
    const mark = document.createElement("mark");
    mark.textContent = hit.words.slice(hit.column, hit.column + Math.min(hit.length, 80));
    door.append(`${hit.line}: ${start ? "…" : ""}${hit.words.slice(start, hit.column).trimStart()}`, mark, hit.words.slice(hit.column + hit.length, hit.column + hit.length + 60));
    door.title = `${hit.path}, line ${hit.line}`;
    door.addEventListener("click", () => editor.show(hit.path, { line: hit.line, column: hit.column + 1, length: hit.length }));
    item.append(door);
    return item;
  }

  function replace() {
    const query = queryNow();
    run();
    const byPath = Map.groupBy ? Map.groupBy(hits, (hit) => hit.path) : hits.reduce((map, hit) => map.set(hit.path, [...(map.get(hit.path) ?? []), hit]), new Map());
    const count = hits.length;
    for (const [path, own] of byPath) {
      editor.change(path, own.map((hit) => ({ from: hit.from, to: hit.to, insert: replacement(query, hit) })));
    }
    run();
    status.textContent = `Replaced ${count === 1 ? "1 match" : `${count} matches`} in ${byPath.size === 1 ? "1 file" : `${byPath.size} files`}. Not saved yet`;
  }

  function open(shown = panel.hidden) {
    panel.hidden = !shown;
    document.querySelector("[data-tree]").hidden = shown;
    document.querySelector("[data-find-files]").setAttribute("aria-expanded", String(shown));
    if (!shown) return editor.view?.focus();
    const chosen = editor.view?.state.sliceDoc(editor.view.state.selection.main.from, editor.view.state.selection.main.to) ?? "";
    if (chosen && !chosen.includes("\n")) field("find").value = chosen;
    field("find").select();
    run();
  }

  panel.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(run, 150);
  });
  panel.addEventListener("submit", (event) => {
    event.preventDefault();
    run();
  });
  panel.addEventListener("keydown", (event) => event.key === "Escape" && (event.preventDefault(), open(false)));
  replaceAll?.addEventListener("click", replace);
  panel.querySelector("[data-search-close]").addEventListener("click", () => open(false));
  document.querySelector("[data-find-files]").addEventListener("click", () => open());
  return { open };
}
