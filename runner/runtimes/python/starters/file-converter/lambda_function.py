"""Converts a table between CSV and JSON, after the headers that HTTP has for it: content-type says what is sent,
accept what is wanted.

    curl --data-binary @table.csv -H 'content-type: text/csv' -H 'accept: application/json' https://.../
"""

import base64
import csv
import io
import json


class BadInput(Exception):
    """What was sent cannot be read as what it is said to be."""


def lambda_handler(event, context):
    headers = event["headers"]
    sent = headers.get("content-type", "").partition(";")[0].strip()
    wanted = headers.get("accept", "").partition(",")[0].partition(";")[0].strip()
    if sent not in READERS:
        return answer(415, "text/plain", f"Send one of: {', '.join(READERS)}.")
    if wanted in ("", "*/*"):
        wanted = next(kind for kind in WRITERS if kind != sent)
    if wanted not in WRITERS:
        return answer(406, "text/plain", f"Ask for one of: {', '.join(WRITERS)}.")
    try:
        rows = READERS[sent](text_of(event))
    except BadInput as bad:
        return answer(400, "text/plain", str(bad))
    print(f"{len(rows)} rows from {sent} to {wanted}")
    return answer(200, wanted, WRITERS[wanted](rows))


def text_of(event):
    body = event.get("body") or ""
    raw = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()
    try:
        return raw.decode("utf-8-sig")  # spreadsheets like to begin with a byte order mark
    except UnicodeDecodeError as bad:
        raise BadInput(f"Byte {bad.start} is not UTF-8.") from bad


def read_csv(text):
    # The csv module knows what a split at commas does not: quotes, and lines that end inside them.
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        names = next(reader, [])
        rows = []
        for cells in reader:
            if len(cells) != len(names):
                raise BadInput(f"Line {reader.line_num} has {len(cells)} cells, the heading {len(names)}.")
            rows.append(dict(zip(names, cells, strict=True)))
    except csv.Error as bad:
        raise BadInput(f"Line {reader.line_num}: {bad}.") from bad
    return rows


def read_json(text):
    try:
        rows = json.loads(text)
    except ValueError as bad:
        raise BadInput(f"The body is not JSON: {bad}.") from bad
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadInput("The body has to be a list of objects.")
    return rows


def write_csv(rows):
    names = list(dict.fromkeys(name for row in rows for name in row))  # each once, in the order of appearance
    out = io.StringIO()
    writer = csv.DictWriter(out, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def write_json(rows):
    return json.dumps(rows, ensure_ascii=False)


READERS = {"text/csv": read_csv, "application/json": read_json}
WRITERS = {"application/json": write_json, "text/csv": write_csv}


def answer(status, kind, text):
    return {"statusCode": status, "headers": {"content-type": f"{kind}; charset=utf-8"}, "body": text}
