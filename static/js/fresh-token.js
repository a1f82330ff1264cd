// Signing in again changes the token: every form on the page gets the new one.
addEventListener("fresh-token", ({ detail }) => {
  for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = detail.value;
});
