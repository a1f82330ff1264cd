// <live-pointer src="/live/…" data-version-url="…" hx-get="…" hx-trigger="twofold:pointer" …>: the event means that our
// own view may have changed; htmx then fetches it with our own rights. It also comes every 15 s, whatever happens.
const TICK = 15000,
  POLL = 10000,
  SILENCE = 35000,
  PATIENCE = 1500,
  FIRST_MINUTE = 60000;

customElements.define(
  "live-pointer",
  class extends HTMLElement {
    connectedCallback() {
      this.tries = this.presses = 0;
      this.stop = new AbortController();
      const on = (target, name, act) => target.addEventListener(name, act, { signal: this.stop.signal });
      on(document, "visibilitychange", () => (document.hidden ? this.close() : this.open()));
      on(window, "online", () => document.hidden || this.open());
      on(window, "offline", () => this.say("reconnecting"));
      on(window, "pagehide", () => this.close());
      on(document, "htmx:beforeRequest", ({ detail }) => {
        if (detail.requestConfig.verb === "post") this.presses++;
      });
      on(document, "htmx:afterRequest", ({ detail }) => {
        if (detail.requestConfig.verb === "post" && --this.presses === 0 && this.held) this.look();
      });
      this.clocks = [setInterval(() => this.tick(), TICK), setInterval(() => this.poll(), POLL)];
      // Of a page that was loaded just now.
      if (!document.hidden) this.open(`${versionShown()}`);
    }
    disconnectedCallback() {
      this.stop.abort();
      this.clocks.forEach(clearInterval);
      this.close();
    }
    look() {
      // a press of our own that is under way brings its own view: fetch only what is newer than that
      this.held = this.presses > 0;
      if (!this.held && this.version > versionShown()) this.point();
    }
    point() {
      this.dispatchEvent(new CustomEvent("twofold:pointer"));
    }
    say(state) {
      document.documentElement.dataset.connection = state;
      for (const notice of document.querySelectorAll("[data-offline-notice]")) notice.hidden = state !== "reconnecting";
    }
    close() {
      clearTimeout(this.retry);
      clearTimeout(this.doubt);
      this.stream?.close();
      this.stream = null;
    }
    open(version = "") {
      this.close();
      this.version = version || null;
      this.doubt = setTimeout(() => this.tries > 2 || this.say("reconnecting"), PATIENCE);
      const shown = regionsShown().join("");
      const stream = (this.stream = new EventSource(`${this.getAttribute("src")}&version=${version}&shown=${shown}`));
      stream.addEventListener("open", () => {
        clearTimeout(this.doubt);
        this.tries = this.lost = 0;
        this.heard = Date.now();
        this.say("live");
      });
      stream.addEventListener("version", ({ data }) => {
        this.heard = Date.now();
        if (data === this.version) return;
        // Every later opening refetches, if it was not told what is new.
        const first = this.version === null;
        this.version = data;
        if (first) this.point();
        else this.look();
      });
      stream.addEventListener("regions", ({ data, lastEventId }) => {
        this.heard = Date.now();
        this.version = lastEventId;
        dispatchEvent(new CustomEvent("twofold:regions", { detail: JSON.parse(data) }));
      });
      stream.addEventListener("resync", () => this.point());
      stream.addEventListener("error", () => this.fail());
    }
    fail() {
      this.close();
      if (document.hidden) return;
      this.lost ||= Date.now();
      if (++this.tries === 3) this.poll();
      const most = Date.now() - this.lost < FIRST_MINUTE ? 3000 : 30000;
      this.retry = setTimeout(() => this.open(), Math.min(most, 250 * 2 ** this.tries) * (0.5 + Math.random()));
    }
    tick() {
      if (document.hidden) return;
      this.point();
      if (this.stream?.readyState === EventSource.OPEN && Date.now() - this.heard > SILENCE) this.fail();
    }
    async poll() {
      // only while streams fail
      const url = this.dataset.versionUrl;
      if (document.hidden || this.tries < 3 || !url) return;
      try {
        const answer = await fetch(url, { signal: AbortSignal.timeout(POLL) });
        const text = answer.ok ? await answer.text() : this.polled;
        if (text !== this.polled) {
          this.polled = text;
          this.point();
        }
        if (this.tries > 2) this.say("polling");
      } catch {
        this.say("reconnecting");
      }
    }
  },
);
