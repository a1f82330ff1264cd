// A press goes out after what is typed, as it was made, and ends the drafts whose text it takes over.
const saves = (form) => form?.matches?.("form[data-autosave]");
const isUnsaved = (form) => draftOf(form).unsaved;
function saveNow() {
  const waits = [];
  dispatchEvent(new CustomEvent("twofold:save-now", { detail: { waits } }));
  return Promise.all(waits);
}
addEventListener("htmx:confirm", (event) => {
  if (event.detail.verb !== "post" || saves(event.target)) return;
  if (![...document.querySelectorAll("form[data-autosave]")].some(isUnsaved)) return;
  event.preventDefault();
  saveNow()
    .then(saveNow) // what was typed meanwhile
    .then(() => event.detail.issueRequest());
});

// A push may redraw its button before it goes out.
const presses = new WeakMap();
const remember = (event) => {
  const button = event.submitter;
  if (button) presses.set(event, { path: button.getAttribute("formaction"), name: button.name, value: button.value });
};
addEventListener("submit", remember, true);
addEventListener("htmx:configRequest", ({ detail }) => {
  const press = presses.get(detail.triggeringEvent);
  if (press?.path) detail.path = press.path;
  if (press?.name) detail.parameters[press.name] = press.value;
});

addEventListener("submit", ({ target: form }) => {
  if (!saves(form)) return;
  const draft = draftOf(form);
  clearTimeout(draft.timer);
  Object.assign(draft, { submitting: true, submitted: draft.words, since: 0 });
});
addEventListener("htmx:afterRequest", ({ detail: { elt: form, xhr } }) => {
  if (!saves(form)) return;
  const draft = draftOf(form);
  draft.submitting = false;
  if (xhr.status < 200 || xhr.status > 299) draft.later(600);
  else if (!form.matches("[data-composer]")) {
    Object.assign(draft, { done: draft.submitted, doubt: null });
    draft.tell("twofold:accepted", { clean: !draft.unsaved });
  }
});
// A composer was sent: its draft is gone, and starts anew.
addEventListener("twofold:emptied", ({ detail: { form } }) => {
  if (!saves(form)) return;
  const draft = draftOf(form);
  draft.version = 0;
  const nothing = JSON.stringify(JSON.parse(draft.words).map(([name]) => [name, ""]));
  Object.assign(draft, { done: nothing, doubt: null });
  draft.say("");
  if (draft.unsaved) draft.save();
});
addEventListener("twofold:keep-mine", ({ target: form, detail }) => {
  draftOf(form).version = detail.version;
  draftOf(form).save();
});
