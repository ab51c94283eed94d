// Asks the console's server. What goes wrong becomes an Error with words for the reader, and the answer if one came.

const csrf = document.querySelector("meta[name=csrf-token]").content;

// `json` or `form` is what is sent; without either it is a GET.
export async function ask(url, { json, form, signal } = {}) {
  const headers = { Accept: "application/json", "X-CSRFToken": csrf };
  if (json) headers["Content-Type"] = "application/json";
  const body = json ? JSON.stringify(json) : form;
  let response;
  try {
    response = await fetch(url, { method: body ? "POST" : "GET", headers, body, signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("Functory does not answer. Your text is still here; try again in a moment.");
  }
  if (response.redirected || !response.headers.get("content-type")?.includes("json")) {
    throw new Error("Your session has ended. Log in again in another tab, then try again: your text is still here.");
  }
  const answer = await response.json();
  if (response.ok) return answer;
  throw Object.assign(new Error(answer.error.message), { status: response.status, answer });
}
