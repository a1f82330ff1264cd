// <summary data-opens="#box">: whoever opens it wants to write in the box.
addEventListener("click", ({ target }) => {
  const summary = target.closest("[data-opens]");
  if (summary) setTimeout(() => summary.parentElement.open && document.querySelector(summary.dataset.opens)?.focus());
});
