// <form data-autosave data-copy-key="…">: what the server has not acknowledged is kept on this device, for this person,
// for a week at most. This is the only file that touches localStorage.
// data-copy-id: the copy carries the form's client_id, and goes when a page shows that it is stored (data-stored="id").
// data-copy-sent: the page itself brings back what was sent: no older copy goes over it.
const WEEK = 7 * 24 * 3600e3,
  person = document.body.dataset.person,
  mine = `twofold:${person}:`;
const key = (form) => mine + form.dataset.copyKey;
const copied = (form) => form?.matches?.("form[data-copy-key]");
const keys = (start) => Object.keys(localStorage).filter((name) => name.startsWith(start));
const read = (name) => JSON.parse(localStorage[name] ?? "{}");
const forget = (form) => {
  delete localStorage[key(form)];
};
const hidden = (form, name) => form.querySelector(`input[type=hidden][name="${name}"]`);
const words = (form) => JSON.stringify([...new FormData(form)].filter(([name]) => !hidden(form, name)));
const version = (form) => form.dataset.draftVersion ?? hidden(form, "version")?.value;
const id = (form) => ("copyId" in form.dataset ? hidden(form, "client_id")?.value : undefined);
// The draft of a form with several boxes keeps only the first: the copy stays until the form itself is sent.
const drafted = (form) =>
  form.matches("[data-autosave]") &&
  !(form.matches("[data-composer]") && form.querySelectorAll("textarea, input:not([type])").length > 1);
const seen = new WeakSet();

function copy(form, sent = read(key(form)).sent) {
  // a full or forbidden store must not stop the typing
  try {
    localStorage[key(form)] = JSON.stringify({
      text: words(form),
      sent,
      version: version(form),
      id: id(form),
      at: Date.now(),
    });
  } catch {
    /* the server still has what it acknowledged */
  }
}
// A list that had more rows than the page: ask for a page with as many.
function more(form, values) {
  const rows = values.filter(([name, value]) => name.startsWith("text-new-") && value && !form.elements[name]).length;
  const room = form.querySelectorAll("[name^=text-new-]").length + rows;
  return rows && !location.search.includes("new=") && !location.replace(`${location.pathname}?new=${room}`);
}
function restore(form) {
  if (seen.has(form)) return;
  seen.add(form);
  if ("copySent" in form.dataset) return copy(form);
  const here = words(form),
    kept = read(key(form));
  if (!kept.text || kept.text === here) return forget(form);
  const values = JSON.parse(kept.text),
    stored = JSON.parse(here);
  if (more(form, values)) return;
  // A killed browser may find an earlier copy. What was stored since goes on from it: nothing to bring back.
  const goesOn =
    values.length === stored.length &&
    values.every(([name, value], n) => name === stored[n][0] && stored[n][1].startsWith(value));
  if (goesOn && Number(version(form)) > Number(kept.version)) return forget(form);
  const fields = [...form.elements].filter((f) => f.name && !["hidden", "submit"].includes(f.type));
  for (const field of fields) {
    const own = values.filter(([name]) => name === field.name).map(([, value]) => value);
    if (["radio", "checkbox"].includes(field.type)) field.checked = own.includes(field.value);
    else field.value = own[0] ?? "";
  }
  // Somebody stored another text since then: keep the version we knew, and the server shows both.
  if (kept.sent !== here && "draftVersion" in form.dataset) form.dataset.draftVersion = kept.version;
  else if (kept.sent !== here && hidden(form, "version")) hidden(form, "version").value = kept.version;
  if (kept.id && id(form)) hidden(form, "client_id").value = kept.id; // the same press again, if its answer was lost
  form.closest("details")?.setAttribute("open", "");
  fields[0]?.dispatchEvent(new Event("input", { bubbles: true }));
}

for (const name of keys("twofold:")) {
  const old = Date.now() - (read(name).at ?? 0) > WEEK;
  const stored = CSS.escape(read(name).id ?? ""),
    done = stored && document.querySelector(`[data-stored="${stored}"]`);
  if (old || done || (person && !name.startsWith(mine))) delete localStorage[name]; // another's is not ours to keep
}
const all = (root) => root.querySelectorAll("form[data-copy-key]").forEach(restore);
all(document);
document.addEventListener("htmx:load", ({ target }) => all(target.parentNode ?? target));
document.addEventListener("input", ({ target: { form } }) => copied(form) && copy(form));
document.addEventListener("sending", ({ target: form, detail }) => copied(form) && copy(form, detail.text));
document.addEventListener(
  "accepted",
  ({ target: form, detail }) => copied(form) && (detail.clean && drafted(form) ? forget(form) : copy(form)),
);
document.addEventListener("htmx:afterRequest", ({ detail: { elt: form, xhr } }) => {
  if (copied(form) && !form.matches("[data-composer]") && xhr.status >= 200 && xhr.status < 300) forget(form);
});
// This very device sent that, as the page left: no conflict, ours goes on top.
document.addEventListener("refused", (event) => {
  const {
    target: form,
    detail: { answer, html },
  } = event;
  if (answer.status !== 409 || !copied(form) || !form.elements.text) return;
  const part = new DOMParser().parseFromString(html, "text/html"),
    theirs = part.querySelector("[data-theirs]")?.value;
  const version = part.querySelector("[data-keep-mine]")?.dataset.keepMine;
  const ours = [read(key(form)).sent, words(form)].map((text) => Object.fromEntries(JSON.parse(text ?? "[]")).text);
  if (!version || !ours.includes(theirs)) return;
  event.stopImmediatePropagation();
  setTimeout(() => form.dispatchEvent(new CustomEvent("keep-mine", { bubbles: true, detail: { version } })));
});
document.addEventListener("kept", ({ detail: { form } }) => copied(form) && forget(form));
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-sign-out]")) return;
  event.preventDefault();
  const waits = [];
  document.dispatchEvent(new CustomEvent("save-now", { detail: { waits } }));
  await Promise.all(waits.flat());
  if (keys(mine).length && !confirm(form.dataset.ask)) return;
  for (const name of keys(mine)) delete localStorage[name];
  form.submit();
});
