// A press goes out after what is typed, and ends the drafts whose text it takes over. Who leaves before that is asked.
let waiting = 0;
const queues = ({ "htmx-internal-data": data }) => data?.queuedRequests?.length;
addEventListener("beforeunload", (event) => {
  if (waiting || [...document.querySelectorAll(".acts")].some(queues)) event.preventDefault();
});
const saves = (form) => form?.matches?.("form[data-autosave]");
addEventListener("htmx:confirm", (event) => {
  if (event.detail.verb !== "post" || saves(event.target)) return;
  event.preventDefault();
  waiting++;
  saveAll()
    .then(() => saveAll()) // what was typed meanwhile
    .then(() => {
      waiting--;
      event.detail.issueRequest();
    });
});

addEventListener("submit", ({ target: form }) => {
  if (!saves(form)) return;
  const draft = draftOf(form);
  clearTimeout(draft.timer);
  Object.assign(draft, { submitting: true, submitted: draft.words, since: 0 });
});
addEventListener("htmx:afterRequest", ({ detail: { elt: form, isDone } }) => {
  if (!saves(form)) return;
  const draft = draftOf(form);
  draft.submitting = false;
  if (!isDone) draft.later(600);
  else if (!form.matches("[data-composer]")) {
    Object.assign(draft, { done: draft.submitted, doubt: null });
    draft.tell("twofold:accepted", { clean: !draft.unsaved });
  }
});
// It was sent: its draft is gone, and starts anew.
addEventListener("twofold:emptied", ({ detail: { form, isEmpty } }) => {
  const draft = draftOf(form);
  draft.version = 0;
  Object.assign(draft, { done: isEmpty ? draft.words : "", doubt: null });
  draft.say("");
  if (draft.unsaved) draft.save();
});
addEventListener("twofold:keep-mine", ({ target: form, detail }) => {
  draftOf(form).version = detail.version;
  draftOf(form).save();
});
