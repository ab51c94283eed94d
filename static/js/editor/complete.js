// Completion beyond a language's own: members of `context`, environment variables, secrets, modules, packages and
// the function's own files.

const option = (type) => (label) => ({ label, type, apply: label });

function pythonModules(files, path) {
  const own = files.paths.filter((each) => each.endsWith(".py") && each !== path);
  return own.map((each) => each.replace(/(\/__init__)?\.py$/, "").replaceAll("/", "."));
}

// A path as an import in another file names it: ./prices.mjs, ../lib/a.js
export function relative(from, to) {
  const here = from.split("/").slice(0, -1);
  const there = to.split("/");
  while (here.length && here[0] === there[0]) {
    here.shift();
    there.shift();
  }
  return (here.length ? "../".repeat(here.length) : "./") + there.join("/");
}

function scriptModules(files, path) {
  return files.paths.filter((each) => /\.([mc]?[jt]s|json)$/.test(each) && each !== path).map((each) => relative(path, each));
}

// What stands before the cursor decides: [pattern with the part to complete as its last group, words to offer].
function places(words, files, path) {
  const variables = () => words.variables.map(option("constant"));
  const secrets = () => words.secrets.map(option("constant"));
  const members = () => words.context.map(option("property"));
  const modules = (own) => [...own.map(option("namespace")), ...words.packages.map(option("namespace")), ...words.modules.map(option("namespace"))];
  if (path.endsWith(".py")) {
    return [
      [/\bcontext\.(\w*)$/, members],
      [/\bos\.(?:environ\s*\[|environ\.get\(|getenv\()\s*["'](\w*)$/, variables],
      [/\bSecretId\s*=\s*["']([\w/+=.@-]*)$/, secrets],
      [/^\s*(?:from|import)\s+([\w.]*)$/, () => modules(pythonModules(files, path))],
    ];
  }
  if (!/\.([mc]?[jt]s|[jt]sx)$/.test(path)) return [];
  return [
    [/\bcontext\.(\w*)$/, members],
    [/\bprocess\.env(?:\.|\[\s*["'])(\w*)$/, variables],
    [/\bSecretId\s*:\s*["']([\w/+=.@-]*)$/, secrets],
    [/(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\(\s*)["']([^"']*)$/, () => modules(scriptModules(files, path))],
  ];
}

export function completion({ words, files, path }) {
  const known = places(words, files, path);
  const source = (context) => {
    const line = context.state.doc.lineAt(context.pos);
    const before = line.text.slice(0, context.pos - line.from);
    for (const [pattern, options] of known) {
      const found = pattern.exec(before);
      if (found) return { from: context.pos - found[1].length, options: options(), validFor: /^[\w./@:+=-]*$/ };
    }
    return null;
  };
  return known.length ? CM.EditorState.languageData.of(() => [{ autocomplete: source }]) : [];
}
