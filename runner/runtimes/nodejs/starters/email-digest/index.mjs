// One e-mail a day in place of many: puts the items of its event into a digest and sends it.
//
// Set SMTP_HOST (and SMTP_USER, SMTP_PASSWORD, MAIL_FROM, MAIL_TO) to send. Without a host it is a dry run that
// gives the message back, so that you can read it before anybody gets it. Who gets it is a setting and no part
// of the event: whoever may send events cannot send mail to the world in your name.
//
// package.json names nodemailer: it is installed once, at deploy, and not again until that file changes.
import { createTransport } from "nodemailer";

const RESERVE_MS = 500; // what is left for the answer once the sending has given up
const { SMTP_HOST, SMTP_PORT, SMTP_USER, SMTP_PASSWORD } = process.env;
const { MAIL_FROM = "digest@example.com", MAIL_TO = "you@example.com" } = process.env;

export const handler = async ({ items = [] }, context) => {
  if (!items.length) {
    console.log("nothing to tell, so nothing is sent");
    return { items: 0, sent: false };
  }
  const message = compose(items);
  console.log(`${items.length} items for ${message.to}: ${message.subject}`);
  if (!SMTP_HOST) {
    const { message: text } = await dryRun().sendMail(message);
    return { items: items.length, sent: false, message: text.toString() };
  }
  // Throws when the server refuses: the call then fails, is tried again, and shows up with its error.
  const { response } = await server(context.getRemainingTimeInMillis() - RESERVE_MS).sendMail(
    message,
  );
  console.log(`the server says ${response}`);
  return { items: items.length, sent: true };
};

/** Text for whoever reads text, HTML for the rest; nodemailer makes the parts and encodes the headers. */
function compose(items) {
  const topics = Object.entries(Object.groupBy(items, ({ topic }) => topic));
  topics.sort(([one], [other]) => (one < other ? -1 : 1));
  return {
    from: MAIL_FROM,
    to: MAIL_TO,
    subject: `${items.length} new: ${topics.map(([topic]) => topic).join(", ")}`,
    text: topics.map(asText).join("\n"),
    html: topics.map(asHtml).join("\n"),
  };
}

function asText([topic, items]) {
  return [topic, ...items.map(({ title, url }) => `  - ${title}: ${url}`), ""].join("\n");
}

function asHtml([topic, items]) {
  const rows = items.map(
    ({ title, url }) => `<li><a href="${escaped(url)}">${escaped(title)}</a></li>`,
  );
  return `<h2>${escaped(topic)}</h2><ul>${rows.join("")}</ul>`;
}

/** Titles come from elsewhere. Escaped, a title with a tag in it stays a title. */
function escaped(text) {
  const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return String(text).replace(/[&<>"]/g, (character) => entities[character]);
}

/** Makes the message as it would go over the wire, and stops there. */
function dryRun() {
  return createTransport({ streamTransport: true, buffer: true, newline: "unix" });
}

function server(wait) {
  const port = Number(SMTP_PORT || 587);
  return createTransport({
    host: SMTP_HOST,
    port,
    secure: port === 465, // there TLS comes first; elsewhere the connection changes over to it, and no
    requireTLS: true, // password goes to a server that will not
    auth: SMTP_USER ? { user: SMTP_USER, pass: SMTP_PASSWORD } : undefined,
    // Each wait ends before the function's time-out does, which would not say what was waited for.
    connectionTimeout: wait,
    greetingTimeout: wait,
    socketTimeout: wait,
  });
}
