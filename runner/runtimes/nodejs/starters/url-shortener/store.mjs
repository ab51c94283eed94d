// Where the links are kept. Replace this class, and nothing else, to keep them for good.
//
// The file in /tmp lives as long as this execution environment: it is gone when the environment is, and a
// second environment, which a busy function gets, has another. A database that all share (PostgreSQL, DynamoDB,
// Redis) has the same two methods.
import { DatabaseSync } from "node:sqlite"; // part of Node.js, which still calls it experimental in the log

export class LinkStore {
  constructor(path) {
    this.database = new DatabaseSync(path);
    this.database.exec(
      "CREATE TABLE IF NOT EXISTS links (code TEXT PRIMARY KEY, url TEXT NOT NULL)",
    );
    // Values never become part of the SQL: they go in at the question marks.
    this.insert = this.database.prepare("INSERT INTO links VALUES (?, ?) ON CONFLICT DO NOTHING");
    this.select = this.database.prepare("SELECT url FROM links WHERE code = ?");
  }

  /** Keep a link; false if the code belongs to another address. */
  add(code, url) {
    this.insert.run(code, url);
    return this.find(code) === url;
  }

  /** The address of a code, or undefined. */
  find(code) {
    return this.select.get(code)?.url;
  }
}
