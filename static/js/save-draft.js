// Sends what is typed in <form data-autosave="URL">, one request at a time; the answer is {"version": n}.
const STATES = { 200: "saving", 401: "refused", 409: "conflict", 413: "refused", 422: "refused" };

addEventListener("twofold:save", ({ target: form, detail }) => {
  const draft = draftOf(form);
  if (!draft.busy || detail.leaving) draft.flight = send(draft, detail.leaving);
  detail.saved = draft.flight;
});

async function send(draft, leaving) {
  const { words, timer } = draft;
  draft.timer = clearTimeout(timer);
  if (timer && !draft.busy && !draft.submitting && !draft.unsaved) {
    // typed, and taken back
    draft.say("done");
    return draft.tell("twofold:accepted", { clean: true });
  }
  if (!draft.unsaved || draft.submitting || !draft.form.matches("form[data-autosave]")) return;
  if (leaving ? draft.left === words || (draft.busy && draft.sent === words) : draft.busy) return;
  // Nobody knows whether the last one arrived: it goes again as it was, or the next would conflict with it.
  const [text, body] = (!leaving && draft.doubt) || [words, draft.body];
  if (leaving) draft.left = words;
  else {
    Object.assign(draft, { busy: true, sent: text, since: 0, doubt: [text, body] });
    draft.say("saving");
    draft.tell("twofold:sending", { text });
  }
  const status = await post(draft, text, body, leaving);
  const wait = status === 200 ? 600 : Math.min(15000, 500 * 2 ** ++draft.tries) * (0.5 + Math.random());
  if (!leaving) draft.busy = false;
  else if (draft.doubt && status !== 200) return draft.busy || draft.later(wait);
  const isKnown = status in STATES; // what is refused waits for the person
  if (isKnown && status !== 401) draft.doubt = null;
  if (status === 200) draft.tell("twofold:accepted", { clean: !draft.unsaved });
  if (!draft.unsaved) return draft.say("done");
  draft.say(STATES[status] ?? "failed");
  if (status === 200 || !isKnown) draft.later(wait);
}

// The status of the answer, 0 without one.
async function post(draft, text, body, leaving) {
  const headers = { "X-Requested-With": "autosave" };
  const end = leaving ? { keepalive: true } : { signal: AbortSignal.timeout(20000) };
  body.set("csrfmiddlewaretoken", draft.form.elements.csrfmiddlewaretoken.value); // it may be a newer one by now
  try {
    const answer = await fetch(draft.form.dataset.autosave, { method: "POST", body, headers, ...end });
    if (answer.ok) {
      const { version } = await answer.json();
      if (version >= 0) Object.assign(draft, { version, done: text, tries: 0 }); // else the press came first
    } else if (!leaving || !draft.doubt) draft.tell("twofold:refused", { answer, html: await answer.text() });
    return answer.status;
  } catch {
    return 0;
  }
}
