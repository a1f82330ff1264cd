// A toast stays six seconds, longer while the pointer or the focus is on it.
const region = document.getElementById("toasts");

function leave(toast) {
  if (toast.matches(":hover, :focus-within")) return setTimeout(leave, 1500, toast);
  toast.classList.add("going");
  setTimeout(() => toast.remove(), 300);
}
const stay = (toast) => {
  if (toast.matches?.(".toast")) setTimeout(leave, 6000, toast);
};

addEventListener("htmx:afterRequest", ({ detail: { elt, isDone } }) => {
  if (isDone) elt.closest(".toast")?.remove();
});
new MutationObserver((changes) => changes.forEach((change) => change.addedNodes.forEach(stay))).observe(region, {
  childList: true,
});
