// A form that leads to another page goes out once, however often its button is pressed meanwhile.
let leaving = 0;
addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "post") return;
  if (leaving === event.submitter) event.preventDefault();
  leaving = event.submitter;
  setTimeout(() => (leaving = 0), 5000);
});
