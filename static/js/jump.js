// The jump bar marks where one is: the part that crosses a line below the bar; above all of them the first one.
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
addEventListener("touchmove", () => (pressed = null), { passive: true });
const watch = new IntersectionObserver(
  (parts) => {
    const part = parts.find(({ isIntersecting }) => isIntersecting)?.target;
    if (part && !pressed) mark(links().find((link) => partOf(link) === part));
  },
  { rootMargin: "-30% 0px -69%" },
);
function look() {
  watch.disconnect();
  if (!links().some((link) => link.ariaCurrent)) mark(links()[0]);
  for (const link of links()) if (partOf(link)) watch.observe(partOf(link));
}
look();
addEventListener("htmx:afterRequest", () => requestAnimationFrame(look)); // the step may have been drawn anew
addEventListener("twofold:after-regions", look);
