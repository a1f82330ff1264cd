// <button data-starts="I notice ">: puts these words at the beginning of what is typed in its form.
document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-starts]");
  if (!button) return;
  const box = button.form.querySelector("textarea");
  if (!box.value.startsWith(button.dataset.starts)) box.setRangeText(button.dataset.starts, 0, 0, "end");
  box.focus();
  box.dispatchEvent(new Event("input", { bubbles: true }));
});
