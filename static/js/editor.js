// What htmx fetches into a <dialog> opens it; a good answer to a form inside, or [data-close-editor], shuts it again.
addEventListener("htmx:afterSwap", ({ detail: { target, requestConfig } }) => {
  if (target.localName !== "dialog") return;
  if (!target.open) target.showModal();
  const wanted = requestConfig.elt.dataset.focus ?? "textarea, input:not([type=hidden])";
  // htmx would take the focus to what has autofocus, a moment later.
  for (const field of target.querySelectorAll("[autofocus]")) field.removeAttribute("autofocus");
  target.querySelector(wanted)?.focus();
});
addEventListener("htmx:afterRequest", ({ detail: { elt, xhr, requestConfig } }) => {
  const good = xhr.status >= 200 && xhr.status < 300;
  if (good && requestConfig.verb === "post") elt.closest("dialog")?.close();
});
document.addEventListener("click", (event) => {
  const dialog = event.target.closest?.("[data-close-editor]")?.closest("dialog");
  if (!dialog) return;
  event.preventDefault();
  dialog.close();
});
document.addEventListener("close", ({ target }) => { // shut, it leaves no second form and heading behind
  if (target.matches("dialog:has([data-editor])")) target.replaceChildren();
}, true);
