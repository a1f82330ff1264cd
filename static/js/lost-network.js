// No answer: a press waits for the network and is made again, as it was made. Its id, or what it sets, makes it happen
// once. It says so at its card or in its form's own notice, until the next answer.
const AGAIN = 5000;
const { lost, waits, broken } = document.body.dataset;
const cardOf = (elt, path) =>
  elt.id === "act" && document.getElementById(`card-${path.split("/entries/")[1]?.slice(0, 36)}`);

function tell(elt, path, words) {
  const place = cardOf(elt, path) || elt.querySelector?.("[data-notice]");
  if (!place || elt.localName === "live-pointer") return;
  const box = document.createElement("div");
  box.className = words === waits ? "notice" : "notice error";
  box.textContent = words;
  if (place.matches("[data-notice]")) place.replaceChildren(box);
  else if (!place.querySelector(".notice")) place.append(box);
}

let waiting = [];
let clock;
const isSame = (press, { path, formData }) =>
  press.path === path && press.values.get("client_id") === formData.get("client_id");
function wait({ detail: { elt, requestConfig: sent } }) {
  const { verb, path, formData: values } = sent;
  tell(elt, path, verb === "post" ? waits : lost);
  if (verb !== "post") return;
  values.delete("csrfmiddlewaretoken"); // it may be a newer one by then
  const known = waiting.find((press) => isSame(press, sent));
  if (known) known.values = values;
  else waiting.push({ elt, path, values });
  clearTimeout(clock);
  clock = setTimeout(again, AGAIN);
}
function again() {
  const [press] = waiting;
  if (!press) return;
  const source = press.elt.isConnected ? press.elt : "#act";
  htmx.ajax("POST", press.path, { source, values: press.values }).catch(() => {}); // `wait` has heard of it
}
addEventListener("online", again);
addEventListener("htmx:sendError", wait);
addEventListener("htmx:timeout", wait);
addEventListener("htmx:responseError", ({ detail: { elt, shouldSwap, requestConfig } }) => {
  if (!shouldSwap) tell(elt, requestConfig.path, broken);
});
addEventListener("htmx:afterRequest", ({ detail: { elt, xhr, requestConfig } }) => {
  if (!xhr.status) return;
  if (xhr.status >= 200 && xhr.status < 300) elt.querySelector?.("[data-notice]")?.replaceChildren();
  const rest = waiting.filter((press) => !isSame(press, requestConfig));
  if (rest.length === waiting.length) return;
  waiting = rest;
  const card = cardOf(elt, requestConfig.path);
  if (card) card.querySelector(".notice")?.remove();
  again();
});
