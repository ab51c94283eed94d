// A URL shortener: POST / takes {"url": "..."} and gives a short code, GET /<code> leads there.
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LinkStore } from "./store.mjs";

const LONGEST_URL = 2048;
const links = new LinkStore(join(tmpdir(), "links.db"));

export const handler = async (event) => {
  const { method } = event.requestContext.http;
  const code = event.rawPath.slice(1);
  if (method === "POST" && !code) return shorten(event);
  if (method === "GET" && code) return lead(code);
  return answer(405, { error: "POST / with a url, or GET /<code>." });
};

function shorten(event) {
  const url = readUrl(event);
  if (!url) return answer(400, { error: 'Send {"url": "https://..."}.' });
  const code = save(url);
  console.log(`${code} leads to ${url}`);
  return answer(201, { code, url });
}

function lead(code) {
  const url = links.find(code);
  if (!url) return answer(404, { error: `Nothing is at ${code}.` });
  // 301 is for good: browsers keep it and do not ask again. To count visits, answer 302.
  return { statusCode: 301, headers: { location: url } };
}

/** The address that was sent, in its normal form; undefined if there is none that may be linked to. */
function readUrl(event) {
  try {
    const body = Buffer.from(event.body, event.isBase64Encoded ? "base64" : "utf8");
    const url = new URL(JSON.parse(body).url); // throws, as the lines before it do, at what is none
    // Other schemes do things: javascript: and data: run code in the browser of whoever follows the link.
    const isFine = ["http:", "https:"].includes(url.protocol) && url.href.length <= LONGEST_URL;
    return isFine ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/** Save the address under a code made from itself, so that sending it twice gives the same one. */
function save(url) {
  const hash = createHash("sha256").update(url).digest("base64url");
  // Seven characters give four million million codes. If two addresses ever meet, the second takes one more.
  for (let length = 7; ; length++) {
    const code = hash.slice(0, length);
    if (links.add(code, url)) return code;
  }
}

function answer(statusCode, content) {
  return {
    statusCode,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(content),
  };
}
