// Every page of somebody who is signed in. collectstatic joins these files into this one; they listen in this order.
import "./htmx-config.js";
import "./fresh-token.js";
import "./draft.js";
import "./save-draft.js";
import "./autosave.js";
import "./card-of.js";
import "./presses.js";
import "./copies.js";
import "./lost-network.js";
import "./bring-back.js";
import "./local-copy.js";
import "./refused.js";
import "./toast.js";
import "./opens.js";
import "./copy-text.js";
import "./composer.js";
import "./composer-sent.js";
