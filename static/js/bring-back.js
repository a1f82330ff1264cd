// <form data-copy-key="…">: what was typed in it and not stored comes back from this device.
// data-copy-sent: the page itself brings back what was sent: of a copy only what was typed after that goes over it.
eachForm("form[data-copy-key]", bringBack);

function bringBack(form) {
  const draft = draftOf(form);
  const { words: here } = draft;
  const kept = copies.read(form);
  const isSent = "copySent" in form.dataset;
  const [sent] = kept.sent;
  if (isSent && (!sent || sent === kept.text)) return copies.keep(form);
  if (!kept.text || kept.text === here) return copies.forget(form);
  const values = JSON.parse(kept.text);
  if (!isSent && asksForRows(form, values)) return;
  // A killed browser may find an earlier copy. What was stored since goes on from it: nothing to bring back.
  const stored = JSON.parse(here);
  const goesOn = ([name, value], n) => name === stored[n][0] && stored[n][1].startsWith(value);
  const isOlder =
    values.length === stored.length && values.every(goesOn) && Number(draft.version) > Number(kept.version);
  if (isOlder) return copies.forget(form);
  const fields = [...form.elements].filter((field) => field.name && !["hidden", "submit"].includes(field.type));
  for (const field of fields) {
    const own = values.filter(([name]) => name === field.name).map(([, value]) => value);
    if (isSent && own.every((value) => sent.includes(JSON.stringify([field.name, value])))) continue;
    if (["radio", "checkbox"].includes(field.type)) field.checked = own.includes(field.value);
    else field.value = own[0] ?? "";
  }
  // Somebody stored another text: the server shows both.
  if (!isSent && !kept.sent.includes(here)) draft.version = kept.version;
  // The same press once more, if its answer was lost.
  if (kept.id && copies.id(form)) form.client_id.value = kept.id;
  form.closest("details")?.setAttribute("open", "");
  fields[0]?.dispatchEvent(new Event("input", { bubbles: true }));
}
// A list that had more rows than the page: ask for a page with as many.
function asksForRows(form, values) {
  const missing = values.filter(
    ([name, value]) => name.startsWith("text-new-") && value && !form.elements[name],
  ).length;
  if (!missing || location.search.includes("new=")) return false;
  const rows = form.querySelectorAll("[name^=text-new-]").length + missing;
  location.replace(`${location.pathname}?new=${rows}`);
  return true;
}

// A press that waits goes out once, whoever presses it again.
for (const { id, values } of copies.waiting) {
  const field = document.getElementById(id)?.client_id;
  if (field) field.value = Object.fromEntries(values).client_id;
}
