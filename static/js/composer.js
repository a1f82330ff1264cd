// <form data-composer>: Enter sends, Shift+Enter breaks the line, Esc leaves the draft. data-then: one is enough; the
// form folds away, and what is named there gets the focus.
addEventListener("keydown", (event) => {
  const box = event.target,
    form = box.closest?.("form[data-composer]");
  if (!form || box.localName !== "textarea" || event.isComposing || event.keyCode === 229) return;
  if (event.key === "Escape") {
    box.blur();
    const folds = !box.value && form.closest("details.composer");
    if (!folds) return;
    folds.open = false;
    folds.querySelector("summary").focus();
  } else if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
    event.preventDefault();
    if (box.value.trim()) form.requestSubmit();
  }
});
