// When the server's view is morphed in, what a person opened stays open, and what has the focus keeps it.
Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) =>
  !(
    (name === "open" && node.firstChild) || // a <details> or <dialog>, and not one that comes in
    (name === "tabindex" && node === document.activeElement)
  );
// A box that saves itself belongs to whoever writes in it, with all that goes with its text. What was said, was said,
// also by a form. A region that shows what it should stays as it is.
Idiomorph.defaults.callbacks.beforeNodeMorphed = (old, fresh) =>
  old.parentNode?.id !== "said" &&
  !old.matches?.("[data-notice]") &&
  !(old.dataset?.v && old.dataset.v === fresh.dataset.v) &&
  !(
    old.form?.dataset.autosave &&
    old.form.dataset.autosave === fresh.form?.dataset.autosave &&
    old.matches("input, textarea, select")
  );
// Nor does the box that somebody writes in move on the screen when a card comes in above it.
const writing = () => document.activeElement?.closest("textarea, input");
let box, top;
function hold() {
  if (!box) top = (box = writing())?.getBoundingClientRect().top;
}
function putBack() {
  if (box && box === writing()) scrollBy({ top: box.getBoundingClientRect().top - top, behavior: "instant" });
  box = null;
}
addEventListener("htmx:beforeSwap", ({ detail }) => detail.requestConfig.verb === "get" && hold());
addEventListener("htmx:afterRequest", () => box && requestAnimationFrame(putBack));
addEventListener("twofold:before-regions", hold);
addEventListener("twofold:after-regions", putBack);
