// What a person opened stays open when the server's view is morphed in.
Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) =>
  !(name === "open" && ["details", "dialog"].includes(node.localName));
