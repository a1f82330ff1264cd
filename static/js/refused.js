// An answer to a background save: its words go where the form speaks, a sign-in to its own place.
const ofSave = new WeakSet();

addEventListener("twofold:refused", ({ target: form, detail: { answer, html } }) => {
  for (const [name, detail] of Object.entries(JSON.parse(answer.headers.get("HX-Trigger") ?? "{}"))) {
    draftOf(form).tell(name, detail);
  }
  const notice = form.querySelector("[data-notice]");
  if (!notice || !answer.headers.get("Content-Type")?.startsWith("text/html")) return;
  const part = new DOMParser().parseFromString(html, "text/html").body;
  const signIn = part.querySelector("#sign-in");
  if (signIn && document.getElementById("sign-in-form")) signIn.remove();
  else if (signIn) {
    signIn.removeAttribute("hx-swap-oob");
    document.getElementById("sign-in").replaceWith(signIn);
    window.htmx?.process(signIn);
  }
  notice.replaceChildren(...part.childNodes);
  ofSave.add(notice);
});
addEventListener("twofold:accepted", ({ target: form }) => {
  const notice = form.querySelector("[data-notice]");
  if (ofSave.delete(notice)) notice.replaceChildren();
});
// Both texts are shown, this one shall stand: save it on top of the other.
addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-keep-mine]"),
    form = button?.form;
  if (!form || !ofSave.has(button.closest("[data-notice]"))) return;
  event.preventDefault();
  draftOf(form).tell("twofold:keep-mine", { version: button.dataset.keepMine });
});

// A refused press names its field: that is marked, says why, and has the focus, until the next press.
addEventListener("htmx:beforeRequest", ({ detail: { elt } }) => {
  for (const part of elt.querySelectorAll("[aria-invalid]")) part.ariaInvalid = null;
  document.getElementById("refused")?.removeAttribute("id");
});
addEventListener("htmx:afterSwap", ({ detail }) => {
  const { target: notice } = detail;
  const name = notice.querySelector("[data-at]")?.dataset.at;
  const field = name && notice.closest("form")?.querySelector(`[name="${name}"]:not([type=hidden])`);
  if (!field) return;
  const group = field.closest("fieldset") ?? field;
  notice.id = "refused";
  group.ariaInvalid = "true";
  group.setAttribute("aria-describedby", notice.id);
  if (!wentOn(detail)) field.focus();
});
