// <form data-autosave="URL">: sends what is typed, 600 ms after the last key, at least every 1.5 s, and when the field
// is left. The answer is {"version": n}. Tells the document: "sending", "accepted" (detail.clean: nothing newer is typed),
// "refused".
const PAUSE = 600,
  LONGEST = 1500,
  WAITING_FOR_THE_PERSON = [401, 409, 413, 422],
  SETTLED = [200, 409, 413, 422];
const states = new WeakMap(),
  state = (form) => states.get(form) ?? (states.set(form, {}), states.get(form));
const saves = (form) => form?.matches?.("form[data-autosave]");
const forms = (root = document) => [...root.querySelectorAll("form[data-autosave]")];
const hidden = (form, name) => form.querySelector(`input[type=hidden][name="${name}"]`);
const words = (form) => JSON.stringify([...new FormData(form)].filter(([name]) => !hidden(form, name)));
// A form that edits something carries that thing's version in its field, and its draft's own in data-draft-version.
const hasDraft = (form) => "draftVersion" in form.dataset;
function setVersion(form, version) {
  if (hasDraft(form)) form.dataset.draftVersion = version;
  else if (hidden(form, "version")) hidden(form, "version").value = version;
}
const unsaved = (form) => form.isConnected && (Boolean(state(form).doubt) || words(form) !== state(form).done);
const empty = (form) =>
  form.matches("[data-composer]") && [...form.querySelectorAll("textarea")].every((box) => !box.value);
const say = (form, word) =>
  form.querySelectorAll("[data-saved]").forEach((e) => {
    e.textContent = word === "done" && empty(form) ? "" : (e.dataset[word] ?? "");
  });
const tell = (form, name, detail) => form.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
// What the server sent is what is saved: words typed before this script ran are not.
const sent = (form) => {
  const copy = form.cloneNode(true);
  copy.reset();
  return words(copy);
};
const meet = (form) => {
  if (state(form).done !== undefined) return;
  state(form).done = sent(form);
  if (unsaved(form)) later(form, PAUSE);
};
const later = (form, wait) => {
  clearTimeout(state(form).timer);
  state(form).timer = setTimeout(save, wait, form);
};

function whole(form) {
  const body = new FormData(form);
  if (hasDraft(form)) body.set("version", form.dataset.draftVersion);
  return body;
}
function save(form, leaving = false) {
  const s = state(form);
  return s.busy && !leaving ? s.flight : (s.flight = send(form, leaving));
}
async function send(form, leaving) {
  const s = state(form),
    typed = words(form),
    waited = s.timer;
  s.timer = clearTimeout(s.timer);
  if (waited && !s.busy && !s.submitting && !unsaved(form)) {
    // typed, and taken back: there is nothing to send
    say(form, "done");
    return tell(form, "accepted", { clean: true });
  }
  if (
    !saves(form) ||
    !unsaved(form) ||
    s.submitting ||
    (s.busy && (!leaving || s.sent === typed)) ||
    (leaving && s.left === typed)
  )
    return;
  // Nobody knows whether the last one arrived: it goes again as it was, or the next would conflict with it.
  const [text, body] = (!leaving && s.doubt) || [typed, whole(form)];
  body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value); // it may be a newer one by now
  if (leaving) s.left = typed;
  else {
    [s.busy, s.sent, s.since, s.doubt] = [true, text, 0, [text, body]];
    say(form, "saving");
    tell(form, "sending", { text });
  }
  let status = 0,
    wait = Math.min(15000, 500 * 2 ** (s.tries = (s.tries ?? 0) + 1)) * (0.5 + Math.random());
  try {
    const answer = await fetch(form.dataset.autosave, {
      method: "POST",
      body,
      headers: { "X-Requested-With": "autosave" },
      ...(leaving ? { keepalive: true } : { signal: AbortSignal.timeout(20000) }),
    });
    if (answer.ok) {
      setVersion(form, (await answer.json()).version);
      [s.done, s.tries, wait] = [text, 0, PAUSE];
    } else if (!leaving || !s.doubt) tell(form, "refused", { answer, html: await answer.text() });
    status = answer.status;
  } catch {
    status = 0;
  }
  if (!leaving) s.busy = false;
  else if (s.doubt && status !== 200) return s.busy || later(form, wait);
  if (SETTLED.includes(status)) s.doubt = null;
  if (status === 200) tell(form, "accepted", { clean: !unsaved(form) });
  if (!unsaved(form)) return say(form, "done");
  say(form, { 200: "saving", 401: "refused", 409: "conflict", 413: "refused", 422: "refused" }[status] ?? "failed");
  if (!WAITING_FOR_THE_PERSON.includes(status)) later(form, wait);
}

const everything = (leaving) => Promise.all(forms().map((form) => save(form, leaving)));
document.addEventListener("htmx:confirm", (event) => {
  // a press on something else: first what is typed, then the press
  if (event.detail.verb !== "post" || saves(event.target) || !forms().some(unsaved)) return;
  event.preventDefault();
  everything()
    .then(() => everything())
    .then(() => event.detail.issueRequest());
});
// A press counts as it was made: a push may redraw its button before it goes out.
const presses = new WeakMap();
document.addEventListener(
  "submit",
  (event) => {
    const button = event.submitter;
    if (button) presses.set(event, { path: button.getAttribute("formaction"), name: button.name, value: button.value });
  },
  true,
);
document.addEventListener("htmx:configRequest", ({ detail }) => {
  const press = presses.get(detail.triggeringEvent);
  if (press?.path) detail.path = press.path;
  if (press?.name) detail.parameters[press.name] = press.value;
});
forms().forEach(meet);
document.addEventListener("htmx:load", ({ target }) => forms(target.parentNode ?? target).forEach(meet));
document.addEventListener("input", ({ target: { form } }) => {
  if (!saves(form)) return;
  say(form, "saving");
  later(form, Math.max(0, Math.min(PAUSE, (state(form).since ||= Date.now()) + LONGEST - Date.now())));
});
document.addEventListener("focusout", ({ target: { form }, relatedTarget: next }) => {
  if (saves(form) && !(next?.form === form && next.type === "submit")) save(form);
});
document.addEventListener("submit", ({ target: form }) => {
  // whoever takes the text over ends the draft
  if (!saves(form)) return;
  clearTimeout(state(form).timer);
  Object.assign(state(form), { submitting: true, submitted: words(form), since: 0 });
});
document.addEventListener("htmx:afterRequest", ({ detail: { elt: form, xhr } }) => {
  if (!saves(form)) return;
  state(form).submitting = false;
  if (xhr.status < 200 || xhr.status > 299) later(form, PAUSE);
  else if (!form.matches("[data-composer]")) {
    [state(form).done, state(form).doubt] = [state(form).submitted, null];
    tell(form, "accepted", { clean: !unsaved(form) });
  }
});
document.addEventListener("kept", ({ detail: { form } }) => {
  // a composer was sent: its draft is gone, and starts anew
  if (!saves(form)) return;
  setVersion(form, 0);
  state(form).doubt = null;
  state(form).done = JSON.stringify(JSON.parse(words(form)).map(([name]) => [name, ""]));
  say(form, "");
  if (unsaved(form)) save(form);
});
document.addEventListener("htmx:afterSettle", () => {
  // what a shared box says now, unless something newer is typed in it
  for (const { dataset: fresh } of document.querySelectorAll("[data-fresh-for]")) {
    const box = document.getElementById(fresh.freshFor),
      form = box?.form;
    if (
      !saves(form) ||
      unsaved(form) ||
      state(form).busy ||
      Number(fresh.version) <= Number(hidden(form, "version").value)
    )
      continue;
    const { selectionStart, selectionEnd } = box;
    box.value = fresh.text;
    for (const radio of form.querySelectorAll("[type=radio]"))
      radio.checked = fresh.chosen.split(" ").includes(radio.value);
    if (box === document.activeElement) box.setSelectionRange(selectionStart, selectionEnd);
    setVersion(form, fresh.version);
    state(form).done = words(form);
  }
});
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  // the step is drawn anew, perhaps without this box
  if (detail.xhr.responseText.includes('id="step"')) everything();
});
document.addEventListener("keep-mine", ({ target: form, detail: { version } }) => {
  setVersion(form, version);
  save(form);
});
document.addEventListener("save-now", ({ detail }) => detail.waits.push(everything()));
addEventListener("fresh-token", () => everything());
addEventListener("online", () => everything());
document.addEventListener("visibilitychange", () => everything(document.hidden)); // back: perhaps signed in elsewhere
addEventListener("pagehide", () => everything(true));
