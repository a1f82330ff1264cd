// What becomes of a form that adds something and is sent: when it has arrived, it is empty again and has another key.
const uuid = () => {
  const url = URL.createObjectURL(new Blob()); // it ends in one; randomUUID is missing on plain http
  URL.revokeObjectURL(url);
  return url.slice(-36);
};
const adds = (form) => form.matches("[data-autosave]") && form.client_id;

// Sent again while it is under way: nothing, or what was typed behind it, when that has arrived.
const again = new WeakSet();
addEventListener(
  "submit",
  (event) => {
    const { target: form, submitter } = event;
    if (!form.matches(".htmx-request") || submitter?.hasAttribute("formaction")) return;
    if (!adds(form) && !form.matches("[data-editor]")) return;
    again.add(form);
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  true,
);

addEventListener("htmx:afterRequest", ({ detail }) => {
  const form = detail.elt;
  const { formData } = detail.requestConfig;
  detail.goesOn = again.delete(form);
  if (!detail.isDone || !adds(form)) return;
  const fields = [...form.querySelectorAll("textarea, input:not([type])")];
  for (const field of fields) {
    const sent = formData.get(field.name) ?? ""; // what was typed behind it stays
    if (field.value.startsWith(sent)) field.value = field.value.slice(sent.length);
  }
  const isEmpty = !fields.some((field) => field.value);
  // What is ticked beside new words, or since, is meant for those.
  for (const mark of form.querySelectorAll("[type=checkbox]")) mark.checked &&= !(isEmpty && formData.has(mark.name));
  form.client_id.value = uuid();
  // Its page goes: what was typed behind it is saved from the copy, by the next one.
  const stays = "composer" in form.dataset;
  draftOf(form).submitting = !stays;
  dispatchEvent(new CustomEvent("twofold:emptied", { detail: { form, isEmpty } }));
  if ("then" in form.dataset) form.closest("details").open = !isEmpty || wentOn(detail);
  if (detail.goesOn && stays && fields[0].value.trim()) setTimeout(() => form.requestSubmit());
});
