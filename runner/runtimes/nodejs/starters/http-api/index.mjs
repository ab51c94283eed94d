// A small HTTP API. A function URL sends each request as an event (payload format 2.0).

// Lives as long as this execution environment, and each has its own: fine for trying things out, but
// anything to keep belongs in a database.
const notes = ["read the code of this function"];

const listNotes = () => answer(200, { notes });

const addNote = (event) => {
  const { text } = readJson(event);
  if (typeof text !== "string" || !text.trim()) return answer(400, { error: 'Send {"text": "..."}.' });
  notes.push(text.trim());
  return answer(201, { notes });
};

const routes = {
  "GET /": listNotes,
  "GET /notes": listNotes,
  "POST /notes": addNote,
};

export const handler = async (event) => {
  const where = `${event.requestContext.http.method} ${event.rawPath}`;
  const route = routes[where];
  console.log(where, route ? "" : "no route");
  return route ? route(event) : answer(404, { error: `Nothing is at ${where}.` });
};

/** The request's body as JSON; {} if there is none or it is not an object. */
function readJson(event) {
  const body = event.isBase64Encoded ? Buffer.from(event.body, "base64").toString() : (event.body ?? "{}");
  try {
    return Object(JSON.parse(body));
  } catch {
    return {};
  }
}

/** What a function URL turns into an HTTP response. */
function answer(statusCode, content) {
  return { statusCode, headers: { "content-type": "application/json" }, body: JSON.stringify(content) };
}
