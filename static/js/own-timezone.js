// An empty time zone field starts with the browser's own.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
for (const field of document.querySelectorAll("[data-own-timezone]")) field.value ||= zone;
// Another place: the settings offer its zone.
for (const offer of document.querySelectorAll("[data-offer-timezone]")) {
  const field = document.querySelector(offer.dataset.offerTimezone);
  offer.hidden = field.value === zone || !field.querySelector(`[value="${zone}"]`);
  offer.addEventListener("click", () => {
    [field.value, offer.hidden] = [zone, true];
    field.focus();
  });
}
