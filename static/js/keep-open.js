// When the server's view is morphed in, what a person opened stays open, and where they stand stays able to hold the focus.
Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) =>
  !((name === "open" && ["details", "dialog"].includes(node.localName)) || (name === "tabindex" && node === document.activeElement));
