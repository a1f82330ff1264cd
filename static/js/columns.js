// <form data-composer data-column="1">: Alt+1…9 moves what is typed to that column.
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
    form = box.closest?.("form[data-composer]"),
    digit = event.altKey && /^Digit([1-9])$/.exec(event.code);
  if (!form || !digit || box.localName !== "textarea" || event.isComposing) return;
  event.preventDefault();
  move(form, box, Number(digit[1]));
});
