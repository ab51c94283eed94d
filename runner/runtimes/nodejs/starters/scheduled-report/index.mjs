// A report every Monday morning: sums the orders of each week and product, and sends the table where REPORT_URL
// says, or gives it back where that is not set.
import { readFile } from "node:fs/promises";

// Any file may lie beside the code: it is read-only, under /var/task.
const ORDERS = new URL("data/orders.csv", import.meta.url);
const RESERVE_MS = 500; // what is left for the answer once the sending has given up

export const handler = async (event, context) => {
  // A schedule gives the time it was due. Reading the clock instead would put a run that came late, or that was
  // tried again, into another week. Dates in ISO 8601 sort as text, so they may stay text.
  const until = event.time.slice(0, 10);
  const orders = readOrders(await readFile(ORDERS, "utf8")).filter(({ day }) => day < until);
  const weeks = sumUp(orders);
  const report = asMarkdown(weeks);
  console.log(`${weeks.size} weeks until ${until}: ${orders.length} orders`);

  const address = process.env.REPORT_URL;
  if (address) await send(address, report, context.getRemainingTimeInMillis() - RESERVE_MS);
  const cents = orders.reduce((sum, order) => sum + order.cents, 0);
  return { weeks: [...weeks.keys()], cents, sent: Boolean(address), report };
};

/** The lines after the heading. Enough for a file of one's own; the file converter starter reads any CSV. */
function readOrders(text) {
  const [, ...lines] = text.trim().split("\n");
  return lines.map((line) => {
    const [day, product, pieces, cents] = line.split(",");
    return { day, product, pieces: Number(pieces), cents: Number(cents) }; // whole cents: 0.1 + 0.2 is not 0.3
  });
}

/** The sums of pieces and cents: a map of weeks, in each a map of products. */
function sumUp(orders) {
  const weeks = new Map();
  for (const { day, product, pieces, cents } of orders.toSorted((one, other) =>
    one.day < other.day ? -1 : 1,
  )) {
    const week = weekOf(day);
    if (!weeks.has(week)) weeks.set(week, new Map());
    const sum = weeks.get(week).get(product) ?? { pieces: 0, cents: 0 };
    weeks.get(week).set(product, { pieces: sum.pieces + pieces, cents: sum.cents + cents });
  }
  return weeks;
}

/** The ISO week, as 2026-W45: it begins on Monday and belongs to the year that its Thursday is in. */
function weekOf(day) {
  const thursday = new Date(day); // a date alone is midnight UTC, so all that follows stays in UTC
  thursday.setUTCDate(thursday.getUTCDate() + 4 - (thursday.getUTCDay() || 7));
  const year = thursday.getUTCFullYear();
  const daysBefore = (thursday - Date.UTC(year, 0, 1)) / 86_400_000;
  return `${year}-W${String(Math.floor(daysBefore / 7) + 1).padStart(2, "0")}`;
}

function asMarkdown(weeks) {
  const lines = [];
  for (const [week, products] of weeks) {
    lines.push(`## ${week}`, "", "| product | pieces | amount |", "|---|---:|---:|");
    for (const product of [...products.keys()].sort()) {
      const { pieces, cents } = products.get(product);
      lines.push(`| ${product} | ${pieces} | ${(cents / 100).toFixed(2)} |`);
    }
    lines.push("");
  }
  return lines.join("\n");
}

async function send(address, report, milliseconds) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "content-type": "text/markdown; charset=utf-8" },
    body: report,
    signal: AbortSignal.timeout(Math.max(milliseconds, 0)), // fetch alone would wait for minutes
  });
  // fetch takes any status for success. Thrown, it fails the call, which is tried again and shows its error.
  if (!answer.ok) throw new Error(`the receiver refused the report with ${answer.status}`);
  console.log(`the receiver says ${answer.status}`);
}
