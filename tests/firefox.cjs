// Loaded into Playwright's driver. It sends one command, on colours, that Firefox ESR does not know, and stops there:
// this takes the command out, of what speaks to Firefox and nothing else.
const Module = require("node:module");
const compile = Module.prototype._compile;
const SENDS = /await this\.\S+\.send\("emulation\.setMediaFeaturesOverride"/g;
Module.prototype._compile = function (source, file, ...rest) {
  const isDriver = file.endsWith("coreBundle.js");
  return compile.call(this, isDriver ? source.replaceAll(SENDS, 'void (""') : source, file, ...rest);
};
