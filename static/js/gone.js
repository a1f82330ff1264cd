// A push or Escape may have taken the pressed form away: while its answer comes it is there, unseen and nobody's.
addEventListener("htmx:beforeRequest", ({ target: form, detail: { xhr } }) => {
  xhr.addEventListener("readystatechange", () => {
    if (form.isConnected) return;
    for (const name of Object.keys(form.dataset)) delete form.dataset[name];
    form.hidden = true;
    document.body.append(form);
    setTimeout(() => form.remove());
  });
});
