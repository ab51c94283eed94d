// Live tail: opens the gateway's stream with a ticket from the console, shows lines as they come, in a bounded
// list, with pause and a filter. The ticket is good for one connection, so every reconnection asks for another.

const LIMIT = 1000;
const RETRY_MS = [1000, 2000, 5000, 10000, 30000];
const LEVELS = [
  ["platform", /^(START|END|REPORT) RequestId: /],
  ["error", /^\[(ERROR|CRITICAL)\]|\t(ERROR|FATAL)\t|^Traceback |Task timed out after |"level": ?"(error|fatal)/i],
  ["warn", /^\[WARN|\tWARN(ING)?\t|"level": ?"warn/i],
  ["debug", /^\[DEBUG\]|\t(DEBUG|TRACE)\t|"level": ?"(debug|trace)/i],
  ["info", /^\[INFO\]|\tINFO\t|"level": ?"info/i],
];

class Tail {
  constructor(root) {
    this.root = root;
    this.list = root.querySelector("[data-tail-lines]");
    this.state = root.querySelector("[data-tail-state]");
    this.filter = root.querySelector("[data-tail-filter]");
    this.pauseButton = root.querySelector("[data-tail-pause]");
    this.waiting = [];
    this.seen = new Set();
    this.failures = 0;
    this.paused = false;
    this.filter.addEventListener("input", () => this.applyFilter());
    this.pauseButton.addEventListener("click", () => this.togglePause());
    root.querySelector("[data-tail-clear]").addEventListener("click", () => this.list.replaceChildren());
  }

  async open() {
    this.stopped = false;
    this.say("connecting", "Connecting");
    try {
      const address = await this.ticket();
      if (this.stopped) return;
      this.listen(address);
    } catch (error) {
      this.lost(error.message);
    }
  }

  async ticket() {
    const token = document.querySelector('meta[name="csrf-token"]').content;
    const response = await fetch(this.root.dataset.ticketUrl, {
      method: "POST",
      headers: { "X-CSRFToken": token, Accept: "application/json" },
    });
    if (!response.ok) throw new Error(`No ticket: the console answered ${response.status}.`);
    return (await response.json()).url;
  }

  listen(address) {
    this.source = new EventSource(address);
    this.source.onopen = () => {
      this.failures = 0;
      this.say("open", "Live");
    };
    this.source.onmessage = (message) => this.receive(message.data);
    this.source.onerror = () => {
      this.source.close();
      this.lost("The stream ended.");
    };
  }

  lost(reason) {
    if (this.stopped) return;
    const delay = RETRY_MS[Math.min(this.failures, RETRY_MS.length - 1)];
    this.failures += 1;
    this.say("lost", `${reason} Trying again in ${delay / 1000} s.`);
    this.timer = setTimeout(() => this.open(), delay);
  }

  close() {
    this.stopped = true;
    clearTimeout(this.timer);
    this.source?.close();
    this.say("closed", "Off");
  }

  receive(text) {
    const chunk = JSON.parse(text);
    if (this.known(`${chunk.request_id} ${chunk.at_us} ${chunk.text.length}`)) return;
    const entries = String(chunk.text ?? "").split("\n").filter(Boolean);
    for (const line of entries) {
      const entry = { line, at: chunk.at_us, name: chunk.function_name ?? "", request: chunk.request_id ?? "" };
      if (this.paused) this.waiting.push(entry);
      else this.add(entry);
    }
    if (this.waiting.length > LIMIT) this.waiting.splice(0, this.waiting.length - LIMIT);
    if (this.paused) this.say("paused", `Paused, ${this.waiting.length} lines waiting`);
  }

  // A new connection begins with the latest lines again: those that are here already are not shown twice.
  known(key) {
    if (this.seen.has(key)) return true;
    this.seen.add(key);
    if (this.seen.size > LIMIT) this.seen.delete(this.seen.values().next().value);
    return false;
  }

  add(entry) {
    const nearEnd = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 60;
    const item = document.createElement("li");
    const level = LEVELS.find(([, shape]) => shape.test(entry.line))?.[0] ?? "";
    item.className = `log-line${level ? ` log-${level}` : ""}`;
    item.append(part("time", clock(entry.at)), part("name", entry.name), part("text", entry.line));
    item.hidden = !this.accepts(item);
    this.list.append(item);
    while (this.list.childElementCount > LIMIT) this.list.firstElementChild.remove();
    if (nearEnd) this.list.scrollTop = this.list.scrollHeight;
  }

  accepts(item) {
    const wanted = this.filter.value.trim().toLowerCase();
    return !wanted || item.textContent.toLowerCase().includes(wanted);
  }

  applyFilter() {
    for (const item of this.list.children) item.hidden = !this.accepts(item);
  }

  togglePause() {
    this.paused = !this.paused;
    this.pauseButton.setAttribute("aria-pressed", String(this.paused));
    this.pauseButton.textContent = this.paused ? "Go on" : "Pause";
    if (this.paused) {
      this.say("paused", "Paused");
      return;
    }
    this.waiting.splice(0).forEach((entry) => this.add(entry));
    this.say("open", "Live");
  }

  say(state, words) {
    this.root.dataset.state = state;
    this.state.textContent = words;
  }
}

function part(name, text) {
  const element = document.createElement("span");
  element.className = `log-${name}`;
  element.textContent = text;
  return element;
}

function clock(us) {
  const moment = us ? new Date(us / 1000) : new Date();
  return moment.toLocaleTimeString(undefined, { hour12: false });
}

for (const toggle of document.querySelectorAll("[data-tail-toggle]")) {
  const root = document.getElementById(toggle.getAttribute("aria-controls"));
  const tail = new Tail(root);
  toggle.addEventListener("click", () => {
    const on = toggle.getAttribute("aria-pressed") !== "true";
    toggle.setAttribute("aria-pressed", String(on));
    root.hidden = !on;
    if (on) tail.open();
    else tail.close();
  });
  window.addEventListener("pagehide", () => tail.close());
}
