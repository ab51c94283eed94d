// The time picker's own range: typed in the reader's zone, sent and kept in the address in UTC, so that a shared
// address means the same moment everywhere. Without script the fields are UTC, as they stand in the page.

const FIELDS = ["from", "to"];

function localText(moment) {
  const shifted = new Date(moment.getTime() - moment.getTimezoneOffset() * 60000);
  return shifted.toISOString().slice(0, 16);
}

function start(form) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  form.querySelector("[data-range-zone]").textContent = `In ${zone}, the time of this browser.`;
  for (const name of FIELDS) {
    const field = form.elements[name];
    field.value = localText(new Date(field.dataset.utc));
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const [from, to] = FIELDS.map((name) => new Date(form.elements[name].value));
    const problem = form.querySelector("[data-range-problem]");
    problem.hidden = from < to;
    if (!(from < to)) {
      problem.textContent = "The end must be after the beginning.";
      return form.elements.to.focus();
    }
    const kept = [...new FormData(form)].filter(([name]) => !FIELDS.includes(name));
    const times = [["from", from.toISOString()], ["to", to.toISOString()]];
    location.assign(`?${new URLSearchParams([...kept, ...times])}`);
  });
}

document.querySelectorAll("form[data-range]").forEach(start);
