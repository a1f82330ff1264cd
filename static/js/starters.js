// <button data-starts="I notice ">: puts these words at the beginning of what is typed in its form.
document.addEventListener("click", ({ target: { dataset, form } }) => {
  if (!dataset?.starts) return;
  const box = form.querySelector("textarea");
  if (!box.value.startsWith(dataset.starts)) box.setRangeText(dataset.starts, 0, 0, "end");
  box.focus();
  box.dispatchEvent(new Event("input", { bubbles: true }));
});
