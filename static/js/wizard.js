// The wizard: what belongs to the chosen trigger is shown; Escape asks whether to leave (the draft stays).

document.addEventListener("change", (event) => {
  if (event.target.name !== "kind") return;
  document.querySelectorAll("[data-for-kind]").forEach((part) => {
    part.hidden = part.dataset.forKind !== event.target.value;
  });
  if (event.target.value === "schedule") htmx.trigger("#firings", "load");
});

document.addEventListener("keydown", (event) => {
  const busy = document.querySelector("dialog[open], details.menu[open]") || event.target.closest(".cm-editor");
  if (event.key === "Escape" && !busy && !event.defaultPrevented) document.querySelector("#leave")?.showModal();
});
