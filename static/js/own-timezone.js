// An empty time zone field starts with the browser's own, under the name that is offered for it.
const fields = [...document.querySelectorAll("[data-own-timezone]")];
const renamed = JSON.parse(fields[0]?.dataset.ownTimezone ?? "{}");
const named = (zone) => renamed[zone] ?? zone;
const zone = named(Intl.DateTimeFormat().resolvedOptions().timeZone);
const has = (field) => field.querySelector(`[value="${zone}"]`);
for (const field of fields) if (!field.value && has(field)) field.value = zone;
// Another place: the settings offer its zone.
for (const offer of document.querySelectorAll("[data-offer-timezone]")) {
  const field = document.querySelector(offer.dataset.offerTimezone);
  offer.hidden = named(field.value) === zone || !has(field);
  offer.addEventListener("click", () => {
    [field.value, offer.hidden] = [zone, true];
    field.focus();
  });
}
