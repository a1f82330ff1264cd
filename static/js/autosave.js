// <form data-autosave="URL" data-copy-key="…">: what is typed goes to the server, and until the server has it, into
// localStorage. This is the only file that touches localStorage.
const PAUSE = 600, LONGEST = 2000, WEEK = 7 * 24 * 3600e3;
const person = document.body.dataset.person;
const states = new WeakMap(), state = (form) => states.get(form) ?? (states.set(form, {}), states.get(form));
const forms = (root = document) => [...root.querySelectorAll("form[data-autosave]")];
const open = (field) => field.name && !["hidden", "submit", "button"].includes(field.type);
const words = (form) => JSON.stringify([...new FormData(form)].filter(([name]) => form.elements[name]?.type !== "hidden"));
const key = (form) => `twofold:${person}:${form.dataset.copyKey}`;
const keys = (start) => Object.keys(localStorage).filter((name) => name.startsWith(start));
const versionOf = (form) => form.elements[form.dataset.versionField ?? "version"];
const say = (form, word) => form.querySelectorAll("[data-saved]").forEach((e) => { e.textContent = e.dataset[word] ?? ""; });
const unsaved = (form) => form.isConnected && words(form) !== state(form).done;

function copy(form, text) { // a full or forbidden store must not stop the typing
  try { localStorage[key(form)] = JSON.stringify({ text, sent: state(form).sent, version: versionOf(form)?.value, at: Date.now() }); } catch { }
}
function restore(form) {
  if (states.has(form)) return;
  const here = state(form).done = words(form), kept = JSON.parse(localStorage[key(form)] ?? "null");
  if (!kept) return;
  if (kept.text === here) return void delete localStorage[key(form)];
  const values = JSON.parse(kept.text);
  for (const field of [...form.elements].filter(open)) {
    const mine = values.filter(([name]) => name === field.name).map(([, value]) => value);
    if (["radio", "checkbox"].includes(field.type)) field.checked = mine.includes(field.value);
    else field.value = mine[0] ?? "";
  }
  // Another tab's text since then: send the version we knew, so that the server shows both.
  if (versionOf(form) && kept.sent !== here) versionOf(form).value = kept.version;
  save(form);
}
function later(form, wait) { clearTimeout(state(form).timer); state(form).timer = setTimeout(save, wait, form); }

async function save(form, leaving = false) {
  const s = state(form), text = words(form);
  clearTimeout(s.timer);
  if (!unsaved(form) || (s.busy && (!leaving || s.sent === text))) return;
  const body = new FormData(form);
  if (!leaving) { s.busy = true; s.sent = text; s.since = 0; copy(form, text); say(form, "saving"); }
  let status = 0, again = Math.min(15000, 500 * 2 ** (s.tries = (s.tries ?? 0) + 1)) * (0.5 + Math.random());
  try {
    const signal = leaving ? undefined : AbortSignal.timeout(20000);
    const answer = await fetch(form.dataset.autosave, { method: "POST", body, keepalive: leaving, signal, headers: { "X-Requested-With": "autosave" } });
    status = answer.status;
    if (answer.ok) {
      const { version } = await answer.json();
      if (versionOf(form)) versionOf(form).value = version;
      [s.done, s.tries, again] = [text, 0, PAUSE];
      form.dispatchEvent(new CustomEvent("accepted", { bubbles: true }));
    } else form.dispatchEvent(new CustomEvent("refused", { bubbles: true, detail: { answer, html: await answer.text() } }));
  } catch { status ||= 0; }
  s.busy = false;
  if (!unsaved(form)) { delete localStorage[key(form)]; say(form, "done"); return; }
  if (status !== 200) say(form, status === 409 ? "conflict" : [401, 413, 422].includes(status) ? "refused" : "failed");
  if (![401, 409, 413, 422].includes(status)) later(form, again); // those wait for the person
}

for (const name of keys("twofold:")) {
  const old = Date.now() - (JSON.parse(localStorage[name] ?? "{}").at ?? 0) > WEEK;
  if (old || (person && !name.startsWith(`twofold:${person}:`))) delete localStorage[name];
}
forms().forEach(restore);
const everything = (leaving) => Promise.all(forms().map((form) => save(form, leaving)));
document.addEventListener("htmx:load", ({ target }) => forms(target.parentNode ?? target).forEach(restore));
document.addEventListener("input", ({ target: { form } }) => {
  if (!form?.matches("[data-autosave]")) return;
  const s = state(form), now = Date.now();
  copy(form, words(form));
  say(form, "saving");
  later(form, Math.max(0, Math.min(PAUSE, (s.since ||= now) + LONGEST - now)));
});
document.addEventListener("focusout", ({ target: { form } }) => form?.matches("[data-autosave]") && save(form));
document.addEventListener("kept", ({ target: form }) => { // another request took the text over, and the server its draft
  if (!form.matches("[data-autosave]")) return;
  clearTimeout(state(form).timer);
  if (versionOf(form)) versionOf(form).value = 0;
  state(form).done = JSON.stringify(JSON.parse(words(form)).map(([name]) => [name, ""]));
  unsaved(form) ? save(form) : delete localStorage[key(form)];
  say(form, "");
});
addEventListener("fresh-token", () => everything());
addEventListener("online", () => everything());
document.addEventListener("visibilitychange", () => document.hidden && everything(true));
addEventListener("pagehide", () => everything(true));
document.addEventListener("submit", async (event) => {
  if (!event.target.matches("[data-sign-out]")) return;
  event.preventDefault();
  await everything();
  const mine = `twofold:${person}:`;
  if (keys(mine).length && !confirm(event.target.dataset.ask)) return;
  for (const name of keys(mine)) delete localStorage[name];
  event.target.submit();
});
