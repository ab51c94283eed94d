// CSV as RFC 4180 has it: fields may be quoted, and in quotes hold commas, line ends and doubled quotes.

/** Text that is no CSV; `line` counts from 1. */
export class BadInput extends Error {
  constructor(line, message) {
    super(message);
    this.line = line;
  }
}

// One field and what ends it: quoted (group 1) or plain (group 2), then a comma, a line end or the text's end.
// The y flag makes it match exactly where the last one ended, so nothing is ever skipped.
const FIELD = /(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r\n|\r|\n|$)/y;

/** Every row as { line, fields }, `line` being where it begins. Throws BadInput. */
export function readRows(text) {
  const rows = [];
  let [at, line, row] = [0, 1, { line: 1, fields: [] }];
  while (at < text.length || row.fields.length) {
    FIELD.lastIndex = at;
    const found = FIELD.exec(text);
    if (!found)
      throw new BadInput(line, "a quotation mark is never closed, or stands where none may be");
    const [whole, quoted, plain, end] = found;
    row.fields.push(quoted?.replaceAll('""', '"') ?? plain);
    at += whole.length;
    line += whole.split(/\r\n|\r|\n/).length - 1;
    if (end === ",") continue;
    if (row.fields.length > 1 || whole.trim()) rows.push(row); // an empty line is no row
    row = { line, fields: [] };
  }
  return rows;
}

/** CSV to objects, by the names in its first row. */
export function parse(text) {
  const [head, ...rows] = readRows(text.replace(/^\uFEFF/, "")); // the mark that spreadsheets put in front
  if (!head) throw new BadInput(1, "there is no heading");
  const names = head.fields;
  if (new Set(names).size < names.length) throw new BadInput(1, "two columns have the same name");
  return rows.map(({ line, fields }) => {
    if (fields.length !== names.length) {
      throw new BadInput(line, `${fields.length} fields where the heading has ${names.length}`);
    }
    return Object.fromEntries(names.map((name, index) => [name, fields[index]]));
  });
}

/** Objects to CSV; the columns are all names that occur, in the order in which they do. */
export function write(records) {
  const names = [...new Set(records.flatMap(Object.keys))];
  const rows = [names, ...records.map((record) => names.map((name) => ownValue(record, name)))];
  return rows.map((row) => `${row.map(quoted).join(",")}\r\n`).join("");
}

/** "" for null and for what the record lacks; a column may be called "constructor", which every object inherits. */
function ownValue(record, name) {
  return Object.hasOwn(record, name) ? (record[name] ?? "") : "";
}

function quoted(value) {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
