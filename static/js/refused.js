// An answer to a background save: its words go where the form speaks, a sign-in to its own place.
document.addEventListener("refused", ({ target: form, detail: { answer, html } }) => {
  for (const [name, detail] of Object.entries(JSON.parse(answer.headers.get("HX-Trigger") ?? "{}"))) {
    form.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
  }
  const notice = form.querySelector("[data-notice]");
  if (!notice || !answer.headers.get("Content-Type")?.startsWith("text/html")) return;
  const part = new DOMParser().parseFromString(html, "text/html").body;
  const signIn = part.querySelector("#sign-in");
  if (signIn) {
    signIn.removeAttribute("hx-swap-oob");
    document.getElementById("sign-in").replaceWith(signIn);
    window.htmx?.process(signIn);
  }
  notice.replaceChildren(...part.childNodes);
  window.htmx?.process(notice);
});
document.addEventListener("accepted", ({ target: form }) => form.querySelector("[data-notice]")?.replaceChildren());
