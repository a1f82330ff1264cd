// <button data-copy-text="#field" data-copied="Link copied">: copies the field and says so.
addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy-text]");
  if (!button) return;
  const source = document.querySelector(button.dataset.copyText);
  source.select?.(); // where the browser refuses, the text stands ready for the person's own copy
  try {
    await navigator.clipboard.writeText(source.value ?? source.textContent);
  } catch {
    return;
  }
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.textContent = button.dataset.copied;
  document.getElementById("toasts").append(toast);
});
