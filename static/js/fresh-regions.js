// What comes as it came last is left as it is. A new card replaces itself: a push and the answer to a press may both
// bring it.
const last = new Map();
document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
  const { fragment, target } = detail,
    region = fragment.firstElementChild;
  if (region.id !== target.id) {
    last.delete(target.id);
    if (region.id) document.getElementById(region.id)?.remove();
    return;
  }
  if (target.id === "step") last.clear(); // drawn anew, with all that is in it
  if (region.localName === "input") return;
  detail.shouldSwap = last.get(target.id) !== region.outerHTML;
  last.set(target.id, region.outerHTML);
});
