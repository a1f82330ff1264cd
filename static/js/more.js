// A press inside a popover has had its effect: the popover goes.
addEventListener("htmx:afterRequest", () => document.querySelector("#more:popover-open")?.hidePopover());
