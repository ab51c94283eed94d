// Reads a web page: its title, headings and links. Give it {"url": "..."}, or {"html": "..."} to try the reading
// without the web. With a schedule it is a watch: compare what it finds with what it found before.
//
// package.json names node-html-parser: HTML is more than regular expressions can read.
import { parse } from "node-html-parser";

const MOST_BYTES = 2_000_000; // a page has no end unless somebody gives it one
const RESERVE_MS = 500; // what is left for the answer once the waiting has given up

export const handler = async ({ url, html }, context) => {
  const wait = context.getRemainingTimeInMillis() - RESERVE_MS;
  const page = html === undefined ? await download(url, wait) : { url, html };
  const found = read(page);
  console.log(
    `${page.url ?? "the given page"}: ${found.headings.length} headings, ${found.links.length} links`,
  );
  return found;
};

/** The page as { url, html }, `url` after all redirects; throws if it is no page or does not come in time. */
async function download(url, wait) {
  if (!isOfTheWeb(URL.parse(url))) throw new TypeError(`Not an address of the web: ${url}`);
  const answer = await fetch(url, {
    // Say who you are, and read robots.txt of the sites that you visit often.
    headers: { "user-agent": "functory-scraper" },
    signal: AbortSignal.timeout(Math.max(wait, 0)), // for the body as well, which may come by the drop
  });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  const kind = answer.headers.get("content-type") ?? "nothing that it names";
  if (!kind.startsWith("text/html")) throw new Error(`${url} is ${kind}, not a page`);
  return { url: answer.url, html: await textOf(answer) };
}

/** The body as text, as far as the limit. Its content-length may lie or be missing: the bytes count. */
async function textOf(answer) {
  const pieces = [];
  let left = MOST_BYTES;
  for await (const piece of answer.body) {
    pieces.push(piece.subarray(0, left));
    left -= piece.length;
    if (left <= 0) break; // which ends the connection as well
  }
  return Buffer.concat(pieces).toString(); // taken for UTF-8, as nearly all pages are
}

/** What is in the page. It takes broken HTML as it comes, as a browser does. */
function read({ url: base, html }) {
  const page = parse(html);
  const hrefs = page.querySelectorAll("a[href]").map((link) => link.getAttribute("href"));
  return {
    title: textIn(page.querySelector("title")),
    headings: page.querySelectorAll("h1, h2, h3").map(textIn),
    links: hrefs
      .filter((href) => !href.startsWith("#"))
      .map((href) => URL.parse(href, base)) // relative ones become whole; null where that fails
      .filter(isOfTheWeb)
      .map((link) => link.href),
  };
}

function isOfTheWeb(url) {
  return url?.protocol === "http:" || url?.protocol === "https:";
}

/** An element's text; any white space in it is one space, as on the screen. */
function textIn(element) {
  return element?.text.replace(/\s+/g, " ").trim() ?? "";
}
