// A slash command for a chat, in the form that Slack sends: /functory help, /functory time, /functory roll 6.
//
// Set the app's command to this function's URL, and the environment variable CHAT_SECRET to its signing secret.
// While that is empty nothing is checked, so that a test event works: anybody who knows the address can call.
import { createHmac, randomInt, timingSafeEqual } from "node:crypto";

const TOLERANCE_S = 300; // an older request may be a recorded one, played again

/** Each takes the rest of the line, and gives its text and whether the whole channel sees it. */
const commands = new Map([
  ["help", { about: "what this can do", run: showHelp }],
  ["time", { about: "the time in UTC", run: tellTime }],
  ["roll", { about: "a die with as many sides as you say, for all to see", run: roll }],
]);

export const handler = async (event) => {
  // A form comes as base64: only some types of content, this not among them, count as text.
  const body = Buffer.from(event.body ?? "", event.isBase64Encoded ? "base64" : "utf8").toString();
  const secret = process.env.CHAT_SECRET;
  if (!secret) console.warn("CHAT_SECRET is empty: this call is not checked");
  if (secret && !isSigned(event.headers, body, secret)) {
    console.warn("refused: the signature does not fit, or is too old");
    return { statusCode: 401, body: "Bad signature." };
  }

  const form = new URLSearchParams(body);
  const [word, rest = ""] = (form.get("text") || "help").trim().split(/\s+/);
  console.log(`${form.get("user_name") ?? "somebody"} asks for ${word}`);
  // The chat waits three seconds for this answer. For longer work answer at once and post the outcome to the
  // form's response_url from a function that is invoked asynchronously.
  const command = commands.get(word);
  return say(
    command ? command.run(rest) : { text: "There is no such command; *help* lists them." },
  );
};

/** https://docs.slack.dev/authentication/verifying-requests-from-slack */
function isSigned(headers, body, secret) {
  const stamp = headers["x-slack-request-timestamp"] ?? "";
  const age = Math.abs(Date.now() / 1000 - Number(stamp));
  if (!(age <= TOLERANCE_S)) return false; // also where the age is no number
  const hash = createHmac("sha256", secret).update(`v0:${stamp}:${body}`).digest("hex");
  const expected = Buffer.from(`v0=${hash}`);
  const given = Buffer.from(headers["x-slack-signature"] ?? "");
  // timingSafeEqual takes as long for a wrong first letter as for a wrong last one; it wants equal lengths.
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function showHelp() {
  return { text: [...commands].map(([word, { about }]) => `*${word}*: ${about}`).join("\n") };
}

function tellTime() {
  return { text: `${new Date().toISOString().slice(11, 16)} UTC` };
}

function roll(rest) {
  const asked = Number(rest);
  const sides = Number.isInteger(asked) && asked >= 2 && asked <= 1000 ? asked : 6;
  return { text: `A die with ${sides} sides shows ${randomInt(1, sides + 1)}.`, toAll: true };
}

/** Status 200 in each case: the chat shows no other answer. */
function say({ text, toAll = false }) {
  const message = { response_type: toAll ? "in_channel" : "ephemeral", text };
  return {
    statusCode: 200,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(message),
  };
}
