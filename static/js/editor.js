// <a href data-edit="what gets the focus">: its form, in a <dialog>, which that opens; a good answer to the form, or
// [data-close-editor], shuts it again.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-edit]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const [path] = link.getAttribute("href").split("#");
  htmx.ajax("GET", path, {
    source: link,
    event,
    target: "#editor",
    select: "#editor-form",
    swap: "innerHTML ignoreTitle:true",
  });
});
addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target.localName === "dialog" && wentOn(detail)) detail.shouldSwap = false; // they would type in it
});
addEventListener("htmx:afterSwap", ({ detail: { target, requestConfig } }) => {
  if (target.localName !== "dialog") return;
  if (!target.open) target.showModal();
  const h1 = target.querySelector("h1"); // where it is a page of its own
  if (h1) h1.outerHTML = h1.outerHTML.replaceAll("h1", "h2");
  target.querySelector("[autofocus]")?.removeAttribute("autofocus"); // or htmx would take the focus there, a bit later
  target.querySelector(requestConfig.elt.dataset.edit || "textarea, input:not([type=hidden])")?.focus();
});
// Then the focus is on its card, or on the way back to it.
addEventListener("htmx:afterRequest", ({ detail }) => {
  const { elt, requestConfig } = detail;
  if (requestConfig.verb !== "post" || !detail.isDone) return;
  // Kept again meanwhile: it goes on from the version that it has now.
  if (detail.goesOn && elt.matches("[data-editor]")) {
    elt.elements.version.value = detail.xhr.getResponseHeader("Twofold-Version");
    return setTimeout(() => elt.requestSubmit());
  }
  elt.closest("dialog")?.close();
  if (requestConfig.path.includes("/entries/") && !document.activeElement.closest("main") && !wentOn(detail))
    (cardOf(requestConfig.path) ?? document.querySelector(".toast button"))?.focus();
});
document.addEventListener("click", (event) => {
  const dialog = event.target.closest("[data-close-editor]")?.closest("dialog");
  if (!dialog) return;
  event.preventDefault();
  dialog.close();
});
document.addEventListener(
  "close",
  ({ target }) => {
    // shut, it leaves no second form and heading behind
    if (target.matches("dialog:has([data-editor])")) target.replaceChildren();
  },
  true,
);
