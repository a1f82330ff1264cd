// What has the focus, or was opened a moment ago, is never behind the dock or a toast, however high they are.
const dock = document.getElementById("dock");
const toasts = document.getElementById("toasts");
const root = document.documentElement;
let most = 0;
function measure() {
  const isLow = dock.offsetHeight > innerHeight / 4; // it takes too much to stay there
  root.toggleAttribute("data-low", isLow);
  if (dock.offsetHeight) root.style.setProperty("--dock", isLow ? "0px" : `${dock.offsetHeight}px`);
  most = Math.max(most, toasts.offsetHeight); // it only grows: nothing moves when a toast leaves
  root.style.setProperty("--toasts", `${most}px`);
}
const sizes = new ResizeObserver(measure);
for (const part of [dock, toasts]) sizes.observe(part);
addEventListener("resize", measure);

const topOf = (part) => part.offsetHeight && part.getBoundingClientRect().top;
const isBehind = (element) =>
  element.getBoundingClientRect().bottom >
  Math.min(innerHeight, topOf(dock) || innerHeight, topOf(toasts) || innerHeight);
// A box with its buttons, where the two fit above the dock.
function show(element) {
  const form = element.closest("details.composer, .note, form:not(.acts)");
  const whole = form && form.offsetHeight < innerHeight / 2 ? form : element;
  if (isBehind(whole))
    for (const part of [whole, element]) part.scrollIntoView({ block: "nearest", behavior: "instant" });
}
const focused = () => document.activeElement.closest("main :focus");

// Nothing moves under a pointer that is pressed: what it pressed is in sight.
let pressed = false;
addEventListener("pointerdown", () => (pressed = true), true);
for (const name of ["pointerup", "pointercancel"]) addEventListener(name, () => (pressed = false), true);
addEventListener("focusin", () => pressed || (focused() && show(focused())));
addEventListener("click", ({ detail }) => detail && focused()?.matches("textarea, input") && show(focused()));
// What the page had open from the start says "toggle" as well, and nobody opened it.
addEventListener(
  "toggle",
  ({ target }) => target.open && focused()?.closest("details") === target && show(target),
  true,
);

// What comes in may push it down.
let seen;
const look = () => (seen ??= focused() && !isBehind(focused()) && focused());
const keep = (isPress) => {
  const now = focused();
  if (now && now === seen && (isPress || isBehind(now))) show(now);
  seen = null;
};
addEventListener("htmx:beforeSwap", look);
addEventListener("htmx:afterRequest", ({ detail }) =>
  requestAnimationFrame(() => keep(detail.requestConfig.verb === "post")),
);
addEventListener("twofold:before-regions", look);
addEventListener("twofold:after-regions", () => keep());
