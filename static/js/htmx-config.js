// What htmx may do here, and where it puts an answer. It starts after this script, with the whole document.
Object.assign(htmx.config, {
  disableInheritance: true,
  allowEval: false,
  allowScriptTags: false,
  selfRequestsOnly: true,
  historyEnabled: false,
  includeIndicatorStyles: false,
  timeout: 20000,
  allowNestedOobSwaps: false,
  responseHandling: [
    { code: "204", swap: false },
    { code: "[23]..", swap: true },
    {
      code: "401|403|409|413|422|429|503|507",
      swap: true,
      target: "find [data-notice]",
      swapOverride: "innerHTML",
    },
    { code: "...", swap: false, error: true },
  ],
});
// An answer to somebody else, who signed in since, is nothing for this page.
addEventListener("htmx:configRequest", ({ detail }) => {
  detail.headers["Twofold-Person"] = document.body.dataset.person;
});
// A refusal that is shown counts as "successful" for htmx.
addEventListener("htmx:afterRequest", ({ detail }) => {
  detail.isDone = `${detail.xhr.status}`.startsWith("2");
});
// What is added out of band (a toast) is added whole, with its own tag. In the room idiomorph says the same.
htmx.defineExtension("whole", { isInlineSwap: () => true });
