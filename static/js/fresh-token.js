// Signing in again changes the token: every form on the page gets the new one. If it was somebody else who signed in, the
// page is not theirs: nothing more leaves it, and it comes anew.
addEventListener("fresh-token", ({ detail }) => {
  if (detail.person && detail.person !== document.body.dataset.person) {
    for (const form of document.querySelectorAll("form[data-autosave]")) delete form.dataset.autosave;
    location.reload();
    return;
  }
  for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = detail.value;
});
