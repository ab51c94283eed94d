// The log search: rows unfold on demand, field words are offered while typing, and the page waits for a record
// that is not stored yet. Searching itself is a plain GET form and works without this file.

const WORDS = [
  ["level:ERROR", "lines of a level: DEBUG, INFO, WARN, ERROR"],
  ["outcome:failed", "how the call ended: success, failed, timeout, out_of_memory"],
  ["trigger:schedule", "what called: test, api, function_url, schedule"],
  ["version:", "the version that ran"],
  ["function:", "the function's name"],
  ["cold:true", "only cold starts"],
  ["request:", "one request id"],
];

function offerWords(box) {
  const list = document.createElement("datalist");
  list.id = "log-words";
  box.after(list);
  box.setAttribute("list", list.id);
  const refresh = () => {
    const before = box.value.replace(/\S*$/, "");
    list.replaceChildren(...WORDS.map(([word, meaning]) => new Option(meaning, before + word)));
  };
  box.addEventListener("input", refresh);
  refresh();
}

async function unfold(row) {
  const place = row.querySelector("[data-lines]");
  if (!row.open || place.dataset.state === "loaded" || place.dataset.state === "loading") return;
  place.dataset.state = "loading";
  try {
    const response = await fetch(row.dataset.source, { headers: { "X-Requested-With": "fetch" } });
    if (!response.ok) throw new Error(String(response.status));
    place.innerHTML = await response.text();
    place.dataset.state = "loaded";
  } catch (error) {
    place.dataset.state = "failed";
    place.textContent = `The log could not be read (${error.message}). Fold and unfold to try again.`;
  }
}

document.querySelectorAll("[data-log-query]").forEach(offerWords);
// `toggle` does not bubble; capturing catches it for rows that arrive later too.
document.addEventListener(
  "toggle",
  (event) => {
    if (event.target.matches("details[data-source]")) unfold(event.target);
  },
  true,
);
