// An empty time zone field starts with the browser's own.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
for (const field of document.querySelectorAll("[data-own-timezone]")) {
  if (field.value) continue;
  field.value = zone;
}
