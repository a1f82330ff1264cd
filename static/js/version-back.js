// What a browser gives back on a page that is come back to was typed on other words than the page shows, perhaps: its
// version is none, so that the server shows both unless they are the same.
addEventListener("pageshow", () => {
  if (performance.getEntriesByType("navigation")[0]?.type === "navigate") return;
  for (const box of document.querySelectorAll("textarea:not([autocomplete=off])")) {
    const version = box.form?.elements.namedItem("version");
    if (version?.type === "hidden" && box.value !== box.defaultValue) version.value = 0;
  }
});
