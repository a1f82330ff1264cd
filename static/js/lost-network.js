// No answer: a press waits for the network and is made again, as it was made. Its id, or what it sets, makes it happen
// once. It says so at its card or in its form's own notice, until the next answer.
const { lost, waits, broken, refused } = document.body.dataset;
const act = document.getElementById("act");
const noticeOf = (form) => form?.querySelector("[data-notice]");

function tell(elt, path, words) {
  const place = (elt.matches(".acts") && cardOf(path)) || noticeOf(elt.hidden ? act : elt);
  if (!place) return;
  const box = document.createElement("div");
  box.className = words === waits ? "notice" : "notice error";
  box.textContent = words;
  if (place.matches("[data-notice]")) place.replaceChildren(box);
  else if (!place.querySelector(".notice")) place.append(box);
}

let clock;
const idOf = (values) => Object.fromEntries(values).client_id;
const isSame = (press, { path, formData }) => press.path === path && idOf(press.values) === idOf(formData);
function wait({ detail: { elt, requestConfig: sent } }) {
  const { verb, path, formData } = sent;
  const isKept = verb === "post" && !formData.has("password"); // that is kept nowhere
  tell(elt, path, isKept ? waits : lost);
  if (!isKept) return;
  clearTimeout(clock);
  clock = setTimeout(again, 5000);
  formData.delete("csrfmiddlewaretoken"); // it may be a newer one by then
  const values = [...formData];
  const known = copies.waiting.find((press) => isSame(press, sent));
  if (known) known.values = values;
  else copies.waiting.push({ path, id: elt.hidden || elt.id, values });
  copies.wait();
}
function again() {
  const [press] = copies.waiting;
  if (!press) return;
  const source = document.getElementById(press.id) ?? "#act";
  const values = new FormData();
  for (const pair of press.values) values.append(...pair);
  htmx.ajax("POST", press.path, { source, values }).catch(() => {}); // `wait` has heard of it
}
addEventListener("load", again);
addEventListener("online", again);
addEventListener("htmx:sendError", wait);
addEventListener("htmx:timeout", wait);
addEventListener("htmx:responseError", ({ detail: { elt, shouldSwap, requestConfig } }) => {
  if (!shouldSwap) tell(elt, requestConfig.path, broken);
});
addEventListener("htmx:afterRequest", ({ detail: { elt, xhr, isDone, requestConfig } }) => {
  if (!xhr.status) return;
  if (isDone) for (const form of [elt, requestConfig.verb === "post" ? act : elt]) noticeOf(form)?.replaceChildren();
  else if (elt.hidden) tell(elt, "", refused);
  const rest = copies.waiting.filter((press) => !isSame(press, requestConfig));
  if (rest.length === copies.waiting.length) return;
  copies.wait(rest);
  cardOf(requestConfig.path)?.querySelector(".notice")?.remove();
  again();
});
