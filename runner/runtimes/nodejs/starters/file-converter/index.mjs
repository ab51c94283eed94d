// CSV to JSON and back: the content type says what is sent, `accept` what is wanted.
//
//   curl --data-binary @people.csv -H 'content-type: text/csv' -H 'accept: application/json' https://.../
import { BadInput, parse, write } from "./csv.mjs";

const CSV = "text/csv";
const JSON_TYPE = "application/json";

const readers = new Map([
  [CSV, parse],
  [JSON_TYPE, parseJson],
]);
const writers = new Map([
  [CSV, write],
  [JSON_TYPE, (records) => JSON.stringify(records)],
]);

export const handler = async ({ headers, body = "", isBase64Encoded }) => {
  const given = bare(headers["content-type"]);
  const wanted = wantedType(headers.accept, given);
  if (!readers.has(given))
    return refusal(415, { error: `The content type has to be ${CSV} or ${JSON_TYPE}.` });
  if (!wanted) return refusal(406, { error: `There is ${CSV} and ${JSON_TYPE}.` });

  const text = isBase64Encoded ? Buffer.from(body, "base64").toString() : body;
  try {
    const records = readers.get(given)(text);
    console.log(`${records.length} records from ${given} to ${wanted}`);
    return {
      statusCode: 200,
      headers: { "content-type": wanted },
      body: writers.get(wanted)(records),
    };
  } catch (error) {
    if (!(error instanceof BadInput)) throw error; // a mistake of ours is not the caller's
    return refusal(400, { error: error.message, line: error.line });
  }
};

/** "text/csv; charset=utf-8" is "text/csv". */
function bare(type = "") {
  return type.split(";")[0].trim().toLowerCase();
}

/** The first type in `accept` that can be written; whoever takes anything gets the one that was not sent. */
function wantedType(accept = "*/*", given = "") {
  const wishes = accept.split(",").map(bare);
  return (
    wishes.find((type) => writers.has(type)) ?? (wishes.includes("*/*") ? other(given) : undefined)
  );
}

const other = (type) => (type === CSV ? JSON_TYPE : CSV);

/** A list of flat objects; throws BadInput. */
function parseJson(text) {
  const records = parsed(text);
  if (!Array.isArray(records)) throw new BadInput(1, "the JSON is not a list of objects");
  for (const [index, record] of records.entries()) {
    const isFlat =
      Object(record) === record && Object.values(record).every((value) => Object(value) !== value);
    if (!isFlat)
      throw new BadInput(
        undefined,
        `number ${index + 1} of the list is not an object of plain values`,
      );
  }
  return records;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    const line = /\(line (\d+) /.exec(error.message)?.[1]; // V8 tells it for some mistakes
    throw new BadInput(line && Number(line), error.message);
  }
}

function refusal(statusCode, content) {
  return { statusCode, headers: { "content-type": JSON_TYPE }, body: JSON.stringify(content) };
}
