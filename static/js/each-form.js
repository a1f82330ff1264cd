// Once with each such form: those of the page, and what comes in.
window.eachForm = (selector, act) => {
  const met = new WeakSet();
  function meet(root) {
    for (const form of root.querySelectorAll(selector)) {
      if (met.has(form)) continue;
      met.add(form);
      act(form);
    }
  }
  meet(document);
  addEventListener("htmx:load", ({ target }) => meet(target.parentNode ?? target));
};
