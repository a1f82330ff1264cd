// The room, after site.js. collectstatic joins these files into this one; they listen in this order.
import "../vendor/idiomorph-ext.min.js";
import "./keep-open.js";
import "./shortcuts.js";
import "./editor.js";
import "./starters.js";
import "./columns.js";
import "./reveal.js";
import "./gone.js";
import "./regions.js";
import "./live-pointer.js";
import "./close-popover.js";
import "./in-sight.js";
import "./jump.js";
import "./keep-focus.js";
