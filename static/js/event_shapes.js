// Hints for an event that is being typed: names of members that AWS's shapes have at that place, and which of the
// shape's members the event lacks. Shapes are the page's own templates; what an event must hold is AWS's to say.

const LONGEST_HINT = 4;
const LONGEST_TEXT = 200_000; // of an event that hints are worth their time for

// What may stand under a name, for people: text, number, list of …
function kind(value) {
  if (Array.isArray(value)) return value.length ? `list of ${kind(value[0])}` : "list";
  return value === null ? "null" : { string: "text", object: "object", boolean: "true or false" }[typeof value] ?? "number";
}

// Every member of a value by its path, where "[]" stands for any place in a list: "Records", "Records[].body".
export function members(value, path = "", found = new Map()) {
  if (Array.isArray(value)) value.forEach((each) => members(each, `${path}[]`, found));
  else if (value && typeof value === "object") {
    for (const [name, inner] of Object.entries(value)) {
      const at = path ? `${path}.${name}` : name;
      if (!found.has(at)) found.set(at, kind(inner));
      members(inner, at, found);
    }
  }
  return found;
}

// Where the end of a JSON text stands: the path of the object it is in, and the member name begun there, or null.
export function placeOf(text) {
  const open = []; // { list, name, names }
  let string = null;
  let isName = false;
  let before = ""; // the last sign that is no blank
  const path = () => open.reduce((at, each, depth) => at + (each.list ? "[]" : depth === open.length - 1 ? "" : (at && !at.endsWith(".") ? "." : "") + each.name), "");
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at];
    const inside = open.at(-1);
    if (string !== null) {
      if (sign === "\\") string += text[(at += 1)] ?? "";
      else if (sign !== '"') string += sign;
      else {
        if (isName && inside) inside.names.add((inside.name = string));
        string = null;
      }
    } else if (sign === '"') {
      string = "";
      isName = Boolean(inside && !inside.list && (before === "{" || before === ","));
    } else if (sign === "{" || sign === "[") open.push({ list: sign === "[", name: "", names: new Set() });
    else if (sign === "}" || sign === "]") open.pop();
    if (sign.trim()) before = sign;
  }
  const inside = open.at(-1);
  return string !== null && isName && inside ? { path: path(), begun: string, names: inside.names } : null;
}

// The shape that an event looks like most: it shares the most members, and half of the event's own at least.
export function closest(event, shapes) {
  const own = [...members(event).keys()];
  const common = (shape) => own.filter((path) => shape.members.has(path)).length;
  const best = shapes.toSorted((one, other) => common(other) - common(one))[0];
  return best && own.length > 1 && common(best) * 2 >= own.length ? best : null;
}

// What to say of an event's text beside its shape, "" for nothing; throws for what is not JSON.
export function hint(text, shapes) {
  const event = JSON.parse(text);
  const shape = text.length < LONGEST_TEXT ? closest(event, shapes) : null;
  if (!shape) return "";
  const own = members(event);
  const parent = (path) => path.replace(/(\[\]|\.[^.[]+)$/, "");
  const lacks = [...shape.members.keys()].filter((path) => !own.has(path) && (own.has(parent(path)) || !/[.[]/.test(path) || own.has(parent(parent(path)))));
  if (!lacks.length) return `Has all that “${shape.title}” has.`;
  const more = lacks.length > LONGEST_HINT ? ` and ${lacks.length - LONGEST_HINT} more` : "";
  return `Looks like “${shape.title}”. AWS also sends ${lacks.slice(0, LONGEST_HINT).join(", ")}${more}.`;
}

// Completion of member names, for CodeMirror.
export function completion(shapes) {
  return (context) => {
    const place = context.pos < LONGEST_TEXT ? placeOf(context.state.sliceDoc(0, context.pos)) : null;
    if (!place) return null;
    const before = place.path ? `${place.path}.` : "";
    const offered = new Map();
    for (const shape of shapes) {
      for (const [path, detail] of shape.members) {
        const name = path.startsWith(before) ? path.slice(before.length) : "";
        if (name && !/[.[]/.test(name) && !place.names.has(name) && !offered.has(name)) offered.set(name, { label: name, detail, type: "property" });
      }
    }
    return offered.size ? { from: context.pos - place.begun.length, options: [...offered.values()], validFor: /^[\w-]*$/ } : null;
  };
}

export function shapesOf(options) {
  return [...options].filter((each) => each.dataset.source).map((each) => ({ title: each.textContent, members: members(JSON.parse(each.dataset.payload)) }));
}
