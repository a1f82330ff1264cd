// A press inside a popover has had its effect: the popover goes, unless it was opened since.
addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.requestConfig.verb === "post" && !wentOn(detail))
    document.querySelector("#more:popover-open")?.hidePopover();
});
