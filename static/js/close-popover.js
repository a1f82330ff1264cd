// A press inside a popover has had its effect: the popover goes.
addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.requestConfig.verb === "post") document.querySelector("#more:popover-open")?.hidePopover();
});
