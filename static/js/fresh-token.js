// Signing in again changes the token: every form on the page gets the new one. If somebody else signed in, the page is
// not theirs: nothing more leaves it, and it comes anew.
addEventListener("twofold:fresh-token", ({ detail, target }) => {
  if (detail.person && detail.person !== document.body.dataset.person) {
    for (const form of document.querySelectorAll("form[data-autosave]")) delete form.dataset.autosave;
    return location.reload();
  }
  for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = detail.value;
  if (detail.person) signedIn(target);
});
// It may have been in another tab.
function signedIn(by) {
  const place = document.getElementById("sign-in");
  if (place?.firstChild && !place.contains(by)) place.outerHTML = '<div id="sign-in"></div>';
}
addEventListener("htmx:afterRequest", ({ detail, target }) => {
  if (detail.isDone) signedIn(target);
});
