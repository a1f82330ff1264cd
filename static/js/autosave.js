// <form data-autosave="URL"> is saved 600 ms after the last key, at least every 1.5 s, when a field of it is left, and
// before anything that could take it away.
const FORMS = "form[data-autosave]";
const saves = (form) => form?.matches?.(FORMS);
window.saveAll = (leaving) =>
  Promise.all([...document.querySelectorAll(FORMS)].map((form) => draftOf(form).save(leaving)));
eachForm(FORMS, (form) => draftOf(form).unsaved && draftOf(form).later(600));

addEventListener("input", ({ target: { form } }) => {
  if (!saves(form)) return;
  const draft = draftOf(form);
  draft.since ||= Date.now();
  draft.say("saving");
  draft.later(Math.max(0, Math.min(600, draft.since + 1500 - Date.now())));
});
addEventListener("focusout", ({ target: { form }, relatedTarget: next }) => {
  if (saves(form) && !(next?.form === form && next.type === "submit")) draftOf(form).save();
});

// The step is drawn anew, perhaps without this box.
const isNewStep = (html) => html.includes('id="step"');
addEventListener("htmx:beforeSwap", ({ detail }) => isNewStep(detail.xhr.responseText) && saveAll());
addEventListener("twofold:before-regions", ({ detail }) => isNewStep(detail.html) && saveAll());
addEventListener("twofold:fresh-token", () => saveAll());
addEventListener("online", () => saveAll());
addEventListener("pagehide", () => saveAll(true));
document.addEventListener("visibilitychange", () => saveAll(document.hidden)); // back: perhaps signed in elsewhere

// <template data-fresh-for="box" data-version data-text data-chosen>: what is stored now, by whomever. It goes into the
// box unless something newer is typed there.
addEventListener("htmx:afterSettle", () => {
  for (const { dataset: fresh } of document.querySelectorAll("[data-fresh-for]")) {
    const box = document.getElementById(fresh.freshFor);
    if (saves(box?.form)) refresh(box, draftOf(box.form), fresh);
  }
});

function refresh(box, draft, { version, text, chosen }) {
  if (draft.unsaved || draft.busy || Number(version) <= Number(draft.hidden("version").value)) return;
  const { selectionStart, selectionEnd } = box;
  box.value = text;
  for (const radio of draft.form.querySelectorAll("[type=radio]"))
    radio.checked = chosen.split(" ").includes(radio.value);
  if (box === document.activeElement) box.setSelectionRange(selectionStart, selectionEnd);
  draft.version = version;
  draft.done = draft.words;
}
