// What becomes of a <form data-composer> that is sent: when it has arrived, it is empty again and has another key.
const uuid = () => {
  const url = URL.createObjectURL(new Blob()); // it ends in one; randomUUID is missing on plain http
  URL.revokeObjectURL(url);
  return url.slice(-36);
};

// Sent again while it is under way: nothing, or what was typed behind it, when that has arrived.
const again = new WeakSet();
addEventListener(
  "submit",
  (event) => {
    if (!event.target.matches("form[data-composer].htmx-request")) return;
    again.add(event.target);
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  true,
);

// A refusal in the notice counts as "successful" too: ask the status, and what was sent.
addEventListener("htmx:afterRequest", ({ detail: { elt: form, xhr, requestConfig } }) => {
  const box = form.matches("form[data-composer]") && form.querySelector("textarea");
  const goesOn = again.delete(form);
  if (!box || xhr.status < 200 || xhr.status > 299) return;
  for (const field of form.querySelectorAll("textarea, input:not([type])")) {
    const { [field.name]: sent = "" } = requestConfig.parameters; // what was typed behind it stays
    if (field.value.startsWith(sent)) field.value = field.value.slice(sent.length);
  }
  for (const mark of form.querySelectorAll("[type=checkbox]")) mark.checked = false;
  if (form.client_id) form.client_id.value = uuid();
  dispatchEvent(new CustomEvent("twofold:emptied", { detail: { form } }));
  if ("then" in form.dataset) form.closest("details").open = Boolean(box.value);
  if (goesOn && box.value.trim()) setTimeout(() => form.requestSubmit());
});
