// <form data-composer data-column="1">: Enter sends, Shift+Enter breaks the line, Esc leaves the draft, Alt+1…9 moves
// to that column. data-once: one is enough, and the form folds away.
const uuid = () => {
  const url = URL.createObjectURL(new Blob()); // it ends in one; randomUUID is missing on plain http
  URL.revokeObjectURL(url);
  return url.slice(-36);
};
const typed = (field) => field.dispatchEvent(new Event("input", { bubbles: true }));

function move(form, box, number) {
  const choice = form.querySelectorAll("[name=prompt] option, [name=prompt][type=radio]")[number - 1];
  if (choice) {
    choice[choice.localName === "option" ? "selected" : "checked"] = true;
    return typed(choice.closest("[name=prompt]"));
  }
  const target = document.querySelector(`form[data-composer][data-column="${number}"] textarea`);
  if (!target || target.form === form) return;
  target.closest("details")?.setAttribute("open", "");
  if (box.value) {
    target.value = [target.value, box.value].filter(Boolean).join("\n");
    box.value = "";
    typed(target);
    typed(box);
  }
  form.closest("details")?.removeAttribute("open");
  target.focus();
}

addEventListener("keydown", (event) => {
  const box = event.target,
    form = box.closest?.("form[data-composer]");
  if (!form || box.localName !== "textarea" || event.isComposing || event.keyCode === 229) return;
  const digit = event.altKey && /^Digit([1-9])$/.exec(event.code);
  if (digit) {
    event.preventDefault();
    move(form, box, Number(digit[1]));
  } else if (event.key === "Escape") {
    box.blur();
    if (!box.value) form.closest("details.composer")?.removeAttribute("open");
    if (!box.value) form.closest("details.composer")?.querySelector("summary").focus();
  } else if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
    event.preventDefault();
    if (box.value.trim()) form.requestSubmit();
  }
});

// A refusal in the notice counts as "successful" too: ask the status, and what was sent.
addEventListener("htmx:afterRequest", ({ detail: { elt: form, xhr, requestConfig } }) => {
  const box = form.matches("form[data-composer]") && form.querySelector("textarea");
  if (!box || xhr.status < 200 || xhr.status > 299) return;
  const sent = requestConfig.parameters; // what was typed meanwhile stays
  for (const field of form.querySelectorAll("textarea, input:not([type])"))
    if (field.value === sent[field.name]) field.value = "";
  for (const mark of form.querySelectorAll("[type=checkbox]")) mark.checked = false;
  if (form.client_id) form.client_id.value = uuid();
  dispatchEvent(new CustomEvent("twofold:emptied", { detail: { form } }));
  if ("once" in form.dataset) form.closest("details").open = false;
});
