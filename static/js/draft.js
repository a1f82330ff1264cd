// <form data-autosave="URL">, <form data-copy-key="…">: what is typed in it, and what the server has of it. The other
// scripts ask draftOf(form). A form that edits something carries that thing's version in a field, and that of its draft
// in data-draft-version.
const drafts = new WeakMap();

class Draft {
  tries = 0;
  constructor(form) {
    this.form = form;
    const sent = form.cloneNode(true); // what the server sent is saved: words typed before this script ran are not
    sent.reset();
    this.done = this.wordsOf(sent);
  }
  hidden(name, form = this.form) {
    return form.querySelector(`input[type=hidden][name="${name}"]`);
  }
  wordsOf(form) {
    return JSON.stringify([...new FormData(form)].filter(([name]) => !this.hidden(name, form)));
  }
  get words() {
    return this.wordsOf(this.form);
  }
  get version() {
    return this.form.dataset.draftVersion ?? this.hidden("version")?.value;
  }
  set version(version) {
    if ("draftVersion" in this.form.dataset) this.form.dataset.draftVersion = version;
    else if (this.hidden("version")) this.hidden("version").value = version;
  }
  get body() {
    const body = new FormData(this.form);
    if ("draftVersion" in this.form.dataset) body.set("version", this.version);
    return body;
  }
  get unsaved() {
    return this.form.isConnected && (Boolean(this.doubt) || this.words !== this.done);
  }
  tell(name, detail) {
    this.form.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
    return detail;
  }
  // How the saving stands, in the words of <… data-saved data-saving="…" data-done="…" data-failed="…">.
  say(state) {
    const typed = [...this.form.querySelectorAll("textarea")].some((box) => box.value);
    const words = state === "done" && this.form.matches("[data-composer]") && !typed ? "" : state;
    for (const place of this.form.querySelectorAll("[data-saved]")) place.textContent = place.dataset[words] ?? "";
  }
  save(leaving = false) {
    return this.tell("twofold:save", { leaving }).saved;
  }
  later(wait) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), wait);
  }
}

window.draftOf = (form) => {
  if (!drafts.has(form)) drafts.set(form, new Draft(form));
  return drafts.get(form);
};
