// Signing in again changes the token: every form on the page gets the new one. If somebody else signed in, the page is
// not theirs: nothing more leaves it, and it comes anew.
addEventListener("twofold:fresh-token", ({ detail, target }) => {
  if (detail.person && detail.person !== document.body.dataset.person) {
    for (const form of document.querySelectorAll("form[data-autosave]")) delete form.dataset.autosave;
    return location.reload();
  }
  for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = detail.value;
  const place = document.getElementById("sign-in");
  if (!detail.person || !place?.firstChild || place.contains(target)) return; // else it was signed in to in another tab
  place.outerHTML = '<div id="sign-in"></div>';
});
