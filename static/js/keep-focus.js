// The focus never falls to the page. Where what had it is gone, what is named the same gets it, else the nearest heading.
let way = [];
addEventListener("focusin", ({ target }) => {
  way = [];
  for (let part = target; part; part = part.parentElement) way.push(part);
});
const here = (part) => (part.isConnected ? part : part.id && document.getElementById(part.id)) || null;
const isSeen = (part) => part?.checkVisibility();

function give(element) {
  if (!element.matches("a[href], button, input, select, textarea, summary, [tabindex]")) element.tabIndex = -1;
  element.focus();
}
function catchIt() {
  if (document.activeElement !== document.body || !way.length || isSeen(way[0].isConnected && way[0])) return;
  const same = here(way[0]);
  if (isSeen(same)) return give(same);
  for (const part of way) {
    const heading = [...(here(part)?.querySelectorAll("h1, h2, h3") ?? [])].find(isSeen);
    if (heading) return give(heading);
  }
}
addEventListener("twofold:after-regions", catchIt);

// After a press: on the table, in the next box, on what was added.
function goOn({ elt, xhr, requestConfig: { verb, path } }) {
  const isDone = verb === "post" && xhr.status >= 200 && xhr.status < 300;
  const near = document.activeElement === document.body || elt.contains(document.activeElement);
  if (isDone && path.endsWith("/table/")) give(document.getElementById("table-title"));
  else if (isDone && near && elt.matches("[data-composer]")) {
    const added = elt.dataset.then && document.querySelector(elt.dataset.then);
    give(added || elt.querySelector("textarea"));
  }
  catchIt();
}
addEventListener("htmx:afterRequest", ({ detail }) => requestAnimationFrame(() => goOn(detail)));

// From one step to the next: on its heading.
const roomOf = (url) => /\/sessions\/[^/]+\//.exec(url)?.[0];
const heading = document.querySelector("main h1");
if (heading && !location.hash && document.activeElement === document.body)
  if (roomOf(document.referrer) === roomOf(location.href)) give(heading);
