// What the editor pages use of CodeMirror, as one global `CM`: loaded on those pages only.
export { EditorState, Compartment, StateEffect, StateField } from "@codemirror/state";
export {
  EditorView, Decoration, keymap, lineNumbers, highlightActiveLine, highlightActiveLineGutter, drawSelection,
  highlightSpecialChars, rectangularSelection, dropCursor, crosshairCursor,
} from "@codemirror/view";
export {
  bracketMatching, defaultHighlightStyle, foldGutter, foldKeymap, HighlightStyle, indentOnInput, indentUnit,
  StreamLanguage, syntaxHighlighting, syntaxTree,
} from "@codemirror/language";
export { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
export { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, startCompletion } from "@codemirror/autocomplete";
export { highlightSelectionMatches, openSearchPanel, SearchQuery, searchKeymap } from "@codemirror/search";
export { forEachDiagnostic, lintGutter, linter, lintKeymap, openLintPanel, setDiagnostics, forceLinting } from "@codemirror/lint";
export { MergeView, unifiedMergeView } from "@codemirror/merge";
export { tags } from "@lezer/highlight";
export { css } from "@codemirror/lang-css";
export { html } from "@codemirror/lang-html";
export { javascript } from "@codemirror/lang-javascript";
export { json, jsonParseLinter } from "@codemirror/lang-json";
export { markdown } from "@codemirror/lang-markdown";
export { python } from "@codemirror/lang-python";
export { yaml } from "@codemirror/lang-yaml";
export { csharp, java, kotlin } from "@codemirror/legacy-modes/mode/clike";
export { dockerFile } from "@codemirror/legacy-modes/mode/dockerfile";
export { go } from "@codemirror/legacy-modes/mode/go";
export { properties } from "@codemirror/legacy-modes/mode/properties";
export { ruby } from "@codemirror/legacy-modes/mode/ruby";
export { rust } from "@codemirror/legacy-modes/mode/rust";
export { shell } from "@codemirror/legacy-modes/mode/shell";
export { toml } from "@codemirror/legacy-modes/mode/toml";
export { xml } from "@codemirror/legacy-modes/mode/xml";
