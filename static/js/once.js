// A form that leads to another page goes out once, however often its button is pressed meanwhile. data-file: what comes
// is a file, and one stays. Whoever comes back to the page, as it was, may press it again.
let leaving = 0;
addEventListener("submit", (event) => {
  const { target, submitter } = event;
  if (event.defaultPrevented || target.method !== "post" || "file" in target.dataset) return;
  if (leaving === submitter) event.preventDefault();
  leaving = submitter;
  setTimeout(again, 10000);
});
const again = () => (leaving = 0);
addEventListener("pageshow", again);
