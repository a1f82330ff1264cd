// A region is an element with data-v: what it shows, in short. Every request of the room names the page's regions and
// version, and is answered with the regions that are not among them. Of a list come its order and its new rows.
window.regionsShown = () => [...document.querySelectorAll("[data-v]")].map((region) => region.dataset.v);
window.versionShown = () => Number(document.querySelector("[data-version-shown]").dataset.versionShown);
const askAgain = () => document.getElementById("pointer").dispatchEvent(new CustomEvent("twofold:pointer"));

document.addEventListener("htmx:configRequest", ({ detail }) => {
  Object.assign(detail.parameters, { shown: regionsShown().join(""), at: versionShown() });
});

// Asked for before a press, answered after it: no news any more.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const version = /data-version-shown="(\d+)"/.exec(detail.xhr.responseText)?.[1];
  if (Number(version) < versionShown()) detail.shouldSwap = false;
});

document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
  const { target } = detail,
    region = detail.fragment.firstElementChild,
    order = region?.dataset.order;
  if (order !== undefined) {
    const rows = new Map([...target.children].map((row) => [row.dataset.v, row.cloneNode()])); // which stay
    for (const row of region.children) rows.set(row.dataset.v, row);
    const wanted = order.match(/.{8}/g) ?? [];
    region.replaceChildren(...wanted.map((digest) => rows.get(digest) ?? ""));
    region.removeAttribute("data-order");
    // Not by htmx, which would then go through all of its rows.
    if (wanted.every((digest) => rows.has(digest))) Idiomorph.morph(target, region);
    else setTimeout(askAgain, 1000);
  }
  if (order !== undefined || (region?.dataset.v && region.dataset.v === target.dataset.v)) detail.shouldSwap = false;
});

// What a stream tells: { version, shown, html }. What the page should show then and does not, it asks for.
addEventListener("twofold:regions", ({ detail: { version, shown, html } }) => {
  const isShown = () => {
    const here = new Set(regionsShown());
    return shown.match(/.{8}/g).every((digest) => here.has(digest));
  };
  // Of a press of one's own, whose answer has come, there is nothing to do.
  if (version < versionShown() || isShown()) return;
  const unsaved = [...document.querySelectorAll("form[data-autosave]")].filter((form) => draftOf(form).unsaved);
  dispatchEvent(new CustomEvent("twofold:before-regions", { detail: { html } }));
  htmx.swap(document.body, html, { swapStyle: "none" }, { eventInfo: { target: document.body } });
  requestAnimationFrame(() => dispatchEvent(new CustomEvent("twofold:after-regions"))); // laid out once
  const token = document.querySelector("#act [name=csrfmiddlewaretoken]").value;
  for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken][value='']")) field.value = token;
  if (!isShown()) askAgain();
  const gone = unsaved.filter((form) => !form.isConnected).map((form) => draftOf(form).flight);
  // The answer says that it is kept.
  if (gone[0]) Promise.all(gone).then(askAgain);
});
