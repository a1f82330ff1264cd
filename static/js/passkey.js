// allauth's scripts do the work: they are told which button begins what. The page says when it came to nothing.
const form = document.querySelector("form[data-passkey]");
window.allauth.webauthn.forms[form.dataset.passkey]({
  ids: { signup: "passkey", authenticate: "passkey", credential: form.elements.credential.id, data: "js_data" },
});
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  form.querySelector("[data-passkey-failed]").hidden = false;
});
