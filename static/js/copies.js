// Copies of what the server has not acknowledged, on this device, for this person, for a week at most. No other file
// touches a store of the browser; a full or forbidden one stops nobody.
// data-copy-id: the copy carries the form's client_id, and goes when a page shows that it is stored (data-stored="id").
const orNothing = (act) => {
  try {
    return act();
  } catch {}
};
const [device, tab] = ["localStorage", "sessionStorage"].map((name) => orNothing(() => window[name]) ?? {});
const WEEK = 7 * 24 * 3600e3;
const person = document.body.dataset.person;
const mine = `twofold:${person}:`;
const key = (form) => mine + form.dataset.copyKey;
const named = (start) => Object.keys(device).filter((name) => name.startsWith(start));
const at = (name) => ({ sent: [], ...JSON.parse(device[name] ?? "{}") });

window.copies = {
  tab, // what the next page of this tab is to know
  id: (form) => ("copyId" in form.dataset ? form.client_id?.value : undefined),
  read: (form) => at(key(form)),
  // sent: the last texts that this device sent, the newest first; any of them may be what the server has.
  keep(form, sending = []) {
    const { words: text, version } = draftOf(form);
    const sent = [...new Set([sending, copies.read(form).sent].flat())].slice(0, 4);
    orNothing(() => (device[key(form)] = JSON.stringify({ text, sent, version, id: copies.id(form), at: Date.now() })));
  },
  forget: (form) => delete device[key(form)],
  wait(presses = copies.waiting) {
    copies.waiting = presses;
    orNothing(() => (tab.waiting = JSON.stringify([here, presses])));
  },
};

// Presses that wait for the network are kept for this tab and this page: a reload finds them again. Who goes elsewhere
// has the words in their box.
const here = person + location.pathname;
const [place, waiting] = JSON.parse(tab.waiting ?? "[]");
copies.wait(place === here ? waiting : []);

for (const name of named("twofold:")) {
  const { at: kept = 0, id = "" } = at(name);
  const isDone = id && document.querySelector(`[data-stored="${id}"]`);
  const isOthers = person && !name.startsWith(mine); // another person's is not ours to keep
  if (Date.now() - kept > WEEK || isDone || isOthers) delete device[name];
}

// <form data-sign-out data-ask="…">: leaves no copy behind; asks when something could not be saved.
addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-sign-out]")) return;
  event.preventDefault();
  await saveAll();
  if (named(mine).length && !confirm(form.dataset.ask)) return;
  for (const name of named(mine)) delete device[name];
  delete tab.waiting;
  form.submit();
});
