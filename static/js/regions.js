// A region is an element with data-v: what it shows, in short. Every request of the room names the regions of the page,
// and is answered with those that are not among them. Of a list come its order and its new rows.
const regions = () => [...document.querySelectorAll("[data-v]")].map((region) => region.dataset.v);
const versionShown = () => Number(document.querySelector("[data-version-shown]").dataset.versionShown);
const askAgain = () => document.getElementById("pointer").dispatchEvent(new CustomEvent("twofold:pointer"));

document.addEventListener("htmx:configRequest", ({ detail }) => (detail.parameters.shown = regions().join("")));

// Asked for before a press, answered after it: no news any more.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const version = /data-version-shown="(\d+)"/.exec(detail.xhr.responseText)?.[1];
  if (Number(version) < versionShown()) detail.shouldSwap = false;
});

// A push may have taken the pressed form away: its answer is the page's all the same, where htmx looks within the form.
const show = (html) => htmx.swap(document.body, html, { swapStyle: "none" }, { eventInfo: { target: document.body } });
function answered({ currentTarget: form, detail }) {
  if (form.isConnected || !detail.shouldSwap) return;
  detail.shouldSwap = false;
  show(detail.xhr.responseText);
}
document.addEventListener("htmx:beforeRequest", ({ target }) => target.addEventListener("htmx:beforeSwap", answered));

document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
  const { target } = detail,
    region = detail.fragment.firstElementChild,
    order = region?.dataset.order;
  if (order !== undefined) {
    const rows = new Map([...target.children].map((row) => [row.dataset.v, row.cloneNode()])); // it stays as it is
    for (const row of region.children) rows.set(row.dataset.v, row);
    const wanted = order.match(/.{8}/g) ?? [];
    detail.shouldSwap = wanted.every((digest) => rows.has(digest));
    region.replaceChildren(...wanted.map((digest) => rows.get(digest) ?? ""));
    region.removeAttribute("data-order");
    if (!detail.shouldSwap) setTimeout(askAgain, 1000);
  }
  if (region?.dataset.v && region.dataset.v === target.dataset.v) detail.shouldSwap = false;
});

// What a stream tells: { version, shown, html }. What the page should show then and does not, it asks for.
addEventListener("twofold:regions", ({ detail: { version, shown, html } }) => {
  if (version < versionShown()) return;
  const unsaved = [...document.querySelectorAll("form[data-autosave]")].filter((form) => draftOf(form).unsaved);
  dispatchEvent(new CustomEvent("twofold:before-regions", { detail: { html } }));
  show(html);
  // In the next frame, in which all of it is laid out once.
  requestAnimationFrame(() => dispatchEvent(new CustomEvent("twofold:after-regions")));
  const token = document.querySelector("#act [name=csrfmiddlewaretoken]").value;
  for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken][value='']")) field.value = token;
  const here = new Set(regions());
  if (!shown.match(/.{8}/g).every((digest) => here.has(digest))) askAgain();
  const gone = unsaved.filter((form) => !form.isConnected).map((form) => draftOf(form).flight);
  if (gone[0]) Promise.all(gone).then(askAgain); // the answer says that it is kept
});
