// <form data-copy-key="…">: what is typed in it is copied to this device until the server has it.
const copied = (form) => form?.matches?.("form[data-copy-key]");
// The draft of a form with several boxes keeps only the first: the copy stays until the form itself is sent.
const drafted = (form) => form.matches("[data-autosave]") && !form.querySelectorAll("textarea, input:not([type])")[1];

addEventListener("input", ({ target: { form } }) => copied(form) && copies.keep(form));
addEventListener("submit", ({ target: form }) => copied(form) && copies.keep(form, draftOf(form).words));
addEventListener("twofold:sending", ({ target: form, detail: { text } }) => {
  if (copied(form)) copies.keep(form, text);
});
addEventListener("twofold:accepted", ({ target: form, detail: { clean } }) => {
  // What went out with the form meanwhile has no copy any more.
  if (copied(form) && copies.read(form).text) copies[clean && drafted(form) ? "forget" : "keep"](form);
});
addEventListener("twofold:emptied", ({ detail: { form, isEmpty } }) => copies[isEmpty ? "forget" : "keep"](form));
addEventListener("htmx:afterRequest", ({ detail: { elt: form, isDone } }) => {
  if (!isDone || !copied(form) || form.matches("[data-composer]")) return;
  const { text, sent } = copies.read(form);
  if (text === sent[0]) copies.forget(form); // nothing was typed since
});

// A save is refused because of a text that this very device sent as the page left: no conflict, ours goes on top.
const textOf = (words) => Object.fromEntries(JSON.parse(words ?? "[]")).text;

addEventListener("twofold:refused", (event) => {
  const { answer, html } = event.detail;
  const form = event.target;
  if (answer.status !== 409 || !copied(form) || !form.elements.text) return;
  const part = new DOMParser().parseFromString(html, "text/html");
  const theirs = part.querySelector("[data-theirs]")?.value;
  const version = part.querySelector("[data-keep-mine]")?.dataset.keepMine;
  const ours = [copies.read(form).sent, draftOf(form).words].flat().map(textOf);
  if (!version || !ours.includes(theirs)) return;
  event.stopImmediatePropagation(); // before anything says so
  setTimeout(() => draftOf(form).tell("twofold:keep-mine", { version }));
});
