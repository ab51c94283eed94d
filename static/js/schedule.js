// A new schedule is offered in the reader's own time zone.

const zone = document.querySelector("#schedule-timezone");
if (zone && !zone.value) {
  zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  zone.dispatchEvent(new Event("input", { bubbles: true }));
}
