// <button data-print-page hidden>: prints the page. Without script the browser's own command does.
for (const button of document.querySelectorAll("[data-print-page]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
