// What a press was, which a push may redraw before it goes out; and whether somebody did something else since: what
// answers it then leaves them where they are.
const presses = new WeakMap();
let acts = 0;
let left = 0; // when
const remember = (event) => {
  left = 0;
  if (event.type === "click") acts++;
  const button = event.submitter;
  presses.set(event, { acts, path: button?.getAttribute("formaction"), name: button?.name, value: button?.value });
};
for (const name of ["click", "submit"]) addEventListener(name, remember, true);
addEventListener("keydown", ({ location }) => location % 3 || acts++, true); // not Shift and the like, left or right
const pressOf = ({ triggeringEvent }) => presses.get(triggeringEvent) ?? {};

addEventListener("htmx:configRequest", ({ detail }) => {
  const { path, name, value } = pressOf(detail);
  if (path) detail.path = path;
  if (name) detail.parameters[name] = value;
});
// Who leaves for another page gets there, wherever the answer to an earlier press would lead.
addEventListener("beforeunload", ({ defaultPrevented }) => (left = !defaultPrevented && Date.now()));
addEventListener("htmx:beforeOnLoad", (event) => {
  if (Date.now() - left < 8000 && event.detail.xhr.getResponseHeader("HX-Redirect")) event.preventDefault();
});
window.wentOn = ({ requestConfig }) => pressOf(requestConfig).acts !== acts;
