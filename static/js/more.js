// A press inside a popover has had its effect: the popover goes.
addEventListener(
  "htmx:afterRequest",
  ({
    detail: {
      requestConfig: { verb },
    },
  }) => {
    if (verb === "post") document.querySelector("#more:popover-open")?.hidePopover();
  },
);
