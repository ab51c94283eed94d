// A webhook that only its sender can call: each request carries a signature made with a shared secret.
//
// The header and the events are GitHub's; others differ in names alone. Put your own secret into the environment
// variable WEBHOOK_SECRET here and into the settings of the sender, with the content type application/json.
import { createHmac, timingSafeEqual } from "node:crypto";

/** By X-GitHub-Event. A Map, since a plain object would also find "constructor" and all else it inherits. */
const actions = new Map([
  ["ping", onPing],
  ["push", onPush],
]);

export const handler = async (event) => {
  const { headers } = event; // a function URL gives their names in lower case
  const body = rawBody(event);
  if (!isSigned(body, headers["x-hub-signature-256"] ?? "")) {
    console.warn("refused: the signature does not fit the body");
    return answer(401, { error: "Bad signature." });
  }

  const kind = headers["x-github-event"] ?? "";
  const action = actions.get(kind);
  if (!action) {
    console.log(`nothing to do for ${kind}`);
    return answer(202, { ignored: kind });
  }
  const payload = readJson(body);
  return payload ? answer(200, action(payload)) : answer(400, { error: "The body is not JSON." });
};

/** The bytes as they were sent. The signature is over these: JSON that was read and written again would be other
 *  bytes with the same meaning, and would not fit. */
function rawBody({ body = "", isBase64Encoded }) {
  return Buffer.from(body, isBase64Encoded ? "base64" : "utf8");
}

function isSigned(body, signature) {
  const secret = process.env.WEBHOOK_SECRET;
  // With an empty secret anybody could sign. So the call fails, for all to see, and lets nobody in.
  if (!secret) throw new Error("The environment variable WEBHOOK_SECRET is not set.");
  const expected = Buffer.from(`sha256=${createHmac("sha256", secret).update(body).digest("hex")}`);
  const given = Buffer.from(signature);
  // timingSafeEqual takes as long for a wrong first letter as for a wrong last one, so that nobody can find the
  // signature letter by letter with a stop-watch. It wants equal lengths, and the length is no secret.
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function onPing({ zen = "" }) {
  return { zen };
}

function onPush({ ref, repository, commits = [] }) {
  // Senders repeat a delivery that took too long. Answer soon: for long work, invoke another function with
  // invocation type Event, which keeps the event until it has succeeded.
  console.log(`${commits.length} new on ${ref} of ${repository.full_name}`);
  return { repository: repository.full_name, commits: commits.length };
}

function readJson(body) {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function answer(statusCode, content) {
  return {
    statusCode,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(content),
  };
}
