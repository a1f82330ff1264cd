// The focus never falls to the page. Where what had it is gone: what is named the same gets it, or its card, or what
// goes on in the dock, or the nearest heading.
let way = [];
addEventListener("focusin", ({ target }) => {
  way = [];
  for (let part = target; part; part = part.parentElement) way.push(part);
});
const here = (part) => (part.isConnected ? part : document.getElementById(part.id || "-"));
const isSeen = (part) => part && part.checkVisibility();

const TAKES = "a[href], button, input, select, textarea, summary, [tabindex]";

function give(element) {
  if (!element.matches(TAKES)) element.tabIndex = -1;
  element.focus();
}
function catchIt() {
  const [had] = way;
  if (document.activeElement !== document.body || !had) return;
  if (had.isConnected && isSeen(had) && had.matches(TAKES)) return; // left by a press on the page
  const heirs = [
    here(had),
    ...way.map(({ id }) => document.getElementById(`card-${id.slice(-8)}`)),
    way.some(({ id }) => id === "dock") && document.querySelector("#ready, .offers :is(.primary, [aria-pressed])"),
    ...way.flatMap((part) => Array.from(here(part)?.querySelectorAll("h1, h2, h3") ?? [])),
  ];
  const heir = heirs.find(isSeen);
  if (heir) give(heir);
}
addEventListener("twofold:after-regions", catchIt);
addEventListener("htmx:afterSettle", catchIt); // it takes back what the page has and the answer has not

// After a press: on the table, on what is left or comes next, in the next box, on what was added.
const next = (path) => document.querySelector("#not-added summary, [aria-labelledby=next-up] button") ?? cardOf(path);
function goOn(detail) {
  const { elt } = detail;
  const { verb, path } = detail.requestConfig;
  if (verb === "post" && detail.isDone && !wentOn(detail)) {
    const added = elt.dataset.then && document.querySelector(elt.dataset.then);
    if (path.endsWith("/table/")) give(document.getElementById("table-title"));
    else if (path.endsWith("/talk/")) give(next(path));
    else if (elt.matches("[data-composer]")) give(added || elt.querySelector("textarea"));
  }
  catchIt();
}
// A copy: on a slow machine htmx has put in another `elt` by then, of what settles.
addEventListener("htmx:afterRequest", ({ detail: { ...detail } }) => requestAnimationFrame(() => goOn(detail)));

// From one step to the next: on what it says was done, or on its heading. Who comes from elsewhere begins at the top.
const roomOf = (url) => /\/sessions\/[^/]+\//.exec(url)?.[0];
const heading = document.querySelector("main :is([autofocus], h1)");
if (heading && !location.hash && document.activeElement === document.body)
  if (roomOf(document.referrer) === roomOf(location.href)) give(heading);
