// <a data-key="n"> in the account menu: its letter follows it, while nobody types. The room has shortcuts.js for that.
addEventListener("keydown", ({ key, target, ctrlKey, metaKey, altKey }) => {
  if (ctrlKey || metaKey || altKey || target.closest("input, textarea, select, dialog")) return;
  document.querySelector(`[data-key="${CSS.escape(key.toLowerCase())}"]`)?.click();
});
