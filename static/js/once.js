// A form that leads to another page goes out once, however often its button is pressed meanwhile, until another one is
// pressed or the page comes back. data-file: what comes is a file, and one stays.
let leaving = 0;
const free = () => (leaving = 0);
addEventListener("pageshow", free);
addEventListener("submit", (event) => {
  const { target, submitter } = event;
  if (event.defaultPrevented || target.method !== "post" || "file" in target.dataset) return;
  if (leaving === submitter) event.preventDefault();
  leaving = submitter;
  setTimeout(free, 10000);
});
