// No answer, or none for a person: words in the form's own notice, until the next good answer.
function tell(form, words) {
  const notice = form.querySelector?.("[data-notice]");
  if (!notice || form.localName === "live-pointer") return;
  const box = document.createElement("div");
  box.className = "notice error";
  box.textContent = words;
  notice.replaceChildren(box);
}
const { lost, broken } = document.body.dataset;
addEventListener("htmx:sendError", ({ detail }) => tell(detail.elt, lost));
addEventListener("htmx:timeout", ({ detail }) => tell(detail.elt, lost));
addEventListener("htmx:responseError", ({ detail }) => detail.shouldSwap || tell(detail.elt, broken));
addEventListener("htmx:afterRequest", ({ detail: { elt, xhr } }) => {
  if (xhr.status >= 200 && xhr.status < 300) elt.querySelector?.("[data-notice]")?.replaceChildren();
});
