// The jump bar marks where one is: the first part that ends below a line under the bar.
const links = () => [...document.querySelectorAll(".jump a")];
const partOf = (link) => document.querySelector(link.hash)?.closest("section");
function mark(here) {
  for (const link of links()) {
    link.ariaCurrent = link === here ? "true" : null;
    if (link === here) link.parentNode.scrollLeft = link.offsetLeft - 40; // a narrow bar shows a part of itself
  }
}
// What was pressed is where one is, however short it is, until one moves on.
let pressed = null;
addEventListener("click", ({ target }) => {
  pressed = target.closest?.(".jump a");
  if (pressed) mark(pressed);
});
for (const moving of ["touchmove", "wheel", "keydown"])
  addEventListener(moving, () => (pressed = null), { passive: true });
const ends = (link) => partOf(link)?.getBoundingClientRect().bottom;
const here = () => links().find((link) => ends(link) > innerHeight * 0.3) ?? links().at(-1);
const watch = new IntersectionObserver(() => mark(pressed?.isConnected ? pressed : here()), {
  rootMargin: "-30% 0px -69%",
});
function look() {
  watch.disconnect();
  for (const link of links()) if (partOf(link)) watch.observe(partOf(link));
}
look();
addEventListener("htmx:afterRequest", () => requestAnimationFrame(look)); // the step may have been drawn anew
addEventListener("twofold:after-regions", look);
