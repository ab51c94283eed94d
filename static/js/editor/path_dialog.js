// Asks for the path of a new or renamed file or folder, and says beside the field what is wrong with it.

const dialog = document.querySelector("#file-dialog");

export function askPath({ files, title, button, value = "", renaming = "", then }) {
  const box = dialog.querySelector("#file-path");
  const problem = dialog.querySelector("#file-problem");
  dialog.querySelector("h2").textContent = title;
  dialog.querySelector("[data-file-ok]").textContent = button;
  box.value = value;
  problem.textContent = "";
  box.removeAttribute("aria-invalid");
  dialog.querySelector("form").onsubmit = (event) => {
    problem.textContent = files.problem(box.value.trim(), renaming);
    if (!problem.textContent) return;
    event.preventDefault();
    box.setAttribute("aria-invalid", "true");
    box.focus();
  };
  // Only once it is closed: closing gives the focus back to the button that opened it.
  dialog.onclose = () => dialog.returnValue === "ok" && then(box.value.trim());
  dialog.returnValue = "";
  dialog.showModal();
  // The last part is what is mostly changed.
  box.setSelectionRange(value.lastIndexOf("/") + 1, value.length);
}
