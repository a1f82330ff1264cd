// <form data-composer data-column="1">: Enter sends, Shift+Enter breaks the line, Esc leaves the draft, Alt+1…9 moves
// to that column. data-then: one is enough; the form folds away, and what is named there gets the focus.
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
