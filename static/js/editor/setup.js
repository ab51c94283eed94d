// What every CodeMirror of the console has: keys, theme from the page's variables, languages, problems.

const { EditorView, EditorState } = CM;

const LANGUAGES = [
  [/\.pyi?$/, () => CM.python()],
  [/\.(m|c)?js$/, () => CM.javascript()],
  [/\.jsx$/, () => CM.javascript({ jsx: true })],
  [/\.(m|c)?ts$/, () => CM.javascript({ typescript: true })],
  [/\.tsx$/, () => CM.javascript({ jsx: true, typescript: true })],
  [/\.json$/, () => CM.json()],
  [/\.ya?ml$/, () => CM.yaml()],
  [/\.html?$/, () => CM.html()],
  [/\.css$/, () => CM.css()],
  [/\.(md|markdown)$/, () => CM.markdown()],
  ...[
    [/\.toml$/, "toml"], [/(\.sh$|(^|\/)bootstrap$)/, "shell"], [/\.go$/, "go"], [/\.(rb|rake|gemspec)$|(^|\/)Gemfile$/, "ruby"],
    [/\.rs$/, "rust"], [/\.java$/, "java"], [/\.kts?$/, "kotlin"], [/\.csx?$/, "csharp"], [/\.(xml|csproj|svg)$/, "xml"],
    [/\.(properties|ini|cfg|env)$/, "properties"], [/(^|\/)Dockerfile$/, "dockerFile"],
  ].map(([pattern, mode]) => [pattern, () => CM.StreamLanguage.define(CM[mode])]),
];

const theme = EditorView.theme({
  "&": { height: "100%", fontSize: "0.8125rem", backgroundColor: "var(--surface)", color: "var(--text)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--tblr-font-monospace)", lineHeight: "1.55" },
  ".cm-content": { caretColor: "var(--text)", padding: "0.5rem 0" },
  ".cm-cursor": { borderLeftColor: "var(--text)", borderLeftWidth: "2px" },
  ".cm-gutters": { backgroundColor: "var(--surface)", color: "var(--quiet)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--sunken) 70%, transparent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--selection)" },
  ".cm-panels": { backgroundColor: "var(--sunken)", color: "var(--text)", borderColor: "var(--line)" },
  ".cm-textfield": { backgroundColor: "var(--surface)", color: "var(--text)", border: "1px solid var(--line)" },
  ".cm-button": { backgroundImage: "none", backgroundColor: "var(--surface)", color: "var(--text)", border: "1px solid var(--line)", borderRadius: "4px" },
  ".cm-tooltip": { backgroundColor: "var(--surface)", color: "var(--text)", border: "1px solid var(--line)", borderRadius: "6px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent-solid)", color: "#fff" },
  ".cm-diagnosticAction": { backgroundColor: "var(--accent-solid)", color: "#fff", padding: "1px 6px" },
  ".cm-searchMatch": { backgroundColor: "var(--soon-wash)", outline: "1px solid var(--soon)" },
  ".cm-matchingBracket": { backgroundColor: "var(--accent-wash)", outline: "1px solid var(--accent)" },
  ".cm-collapsedLines": { background: "var(--sunken)", color: "var(--quiet)", padding: "0.25rem 0.5rem" },
  ".cm-collapsedLines::before, .cm-collapsedLines::after": { content: "none" },
  "&.cm-merge-a .cm-changedLine": { backgroundColor: "var(--bad-wash)" },
  "&.cm-merge-b .cm-changedLine": { backgroundColor: "var(--good-wash)" },
});

const { tags: t } = CM;
const colours = CM.HighlightStyle.define([
  { tag: [t.keyword, t.controlKeyword, t.moduleKeyword, t.operatorKeyword], color: "var(--code-keyword)" },
  { tag: [t.string, t.special(t.string), t.regexp], color: "var(--code-string)" },
  { tag: [t.number, t.bool, t.null, t.atom], color: "var(--code-number)" },
  { tag: [t.comment, t.docString], color: "var(--quiet)", fontStyle: "italic" },
  { tag: [t.function(t.variableName), t.function(t.propertyName), t.definition(t.function(t.variableName))], color: "var(--code-function)" },
  { tag: [t.className, t.typeName, t.tagName], color: "var(--code-type)" },
  { tag: [t.propertyName, t.attributeName], color: "var(--code-property)" },
  { tag: [t.heading, t.strong], fontWeight: "600" },
]);

// Typing over a selection: left to the browser, Chromium would leave a span with inline style behind, which the
// content security policy refuses with a complaint. So it is made a plain change of text.
function typeOver(event, view) {
  const { from, to, empty } = view.state.selection.main;
  if (event.inputType !== "insertText" || event.data === null || empty || view.composing || view.state.readOnly) return false;
  event.preventDefault();
  const make = () => view.state.update(view.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
  const taken = view.state.facet(EditorView.inputHandler).some((handler) => handler(view, from, to, event.data, make));
  if (!taken) view.dispatch(make());
  return true;
}

export function languageOf(path) {
  const known = LANGUAGES.find(([pattern]) => pattern.test(path));
  return known ? known[1]() : [];
}

// JSON is read here; what else has a linter is read by the server, see problems.js.
const lintOf = (path) => (/\.json$/.test(path) ? CM.linter(CM.jsonParseLinter(), { delay: 300 }) : []);

export function extensions({ path, label, readOnly = false, keys = [], gutter = true, changed = () => {}, more = [] }) {
  return [
    CM.keymap.of([...keys, ...CM.closeBracketsKeymap, ...CM.defaultKeymap, ...CM.searchKeymap, ...CM.historyKeymap, ...CM.foldKeymap, ...CM.completionKeymap, ...CM.lintKeymap, CM.indentWithTab]),
    gutter ? [CM.lineNumbers(), CM.foldGutter(), CM.lintGutter(), CM.highlightActiveLineGutter(), CM.highlightActiveLine()] : [],
    CM.highlightSpecialChars(), CM.history(), CM.drawSelection(), CM.dropCursor(), CM.rectangularSelection(),
    CM.indentOnInput(), CM.bracketMatching(), CM.closeBrackets(), CM.autocompletion({ icons: false }), CM.highlightSelectionMatches(),
    CM.syntaxHighlighting(colours),
    CM.indentUnit.of(/\.py$/.test(path) ? "    " : "  "),
    EditorState.readOnly.of(readOnly),
    EditorView.contentAttributes.of({ tabindex: "0", "aria-label": label, "aria-description": "Escape, then Tab leaves the editor" }),
    languageOf(path), lintOf(path), more, theme, EditorView.domEventHandlers({ beforeinput: typeOver }),
    EditorView.updateListener.of(changed),
  ];
}

export function newState(text, options) {
  return EditorState.create({ doc: text, extensions: extensions(options) });
}
