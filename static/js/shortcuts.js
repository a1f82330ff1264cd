// Single keys press (or focus) what carries data-key, while no field has the focus. Who wants none has no list of them.
const help = document.getElementById("shortcuts");
const FIELDS = "input, textarea, select, [contenteditable]";
const visible = (element) => element.checkVisibility();
const opened = (element) => element.parentElement.open && element.dataset.opens; // open: straight to the box

function walk(card, step) {
  const cards = [...document.querySelectorAll("[data-card]")].filter(visible);
  const next = card ? cards[cards.indexOf(card) + step] : cards.at(step > 0 ? 0 : -1);
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

// What is typed on when a push or an answer has taken the box away, or the whole page, is no shortcut.
let box;
let typed = copies.tab.typing && Date.now();
const isTyping = () => Date.now() - typed < 1500;
document.addEventListener("input", ({ target }) => {
  [box, typed] = [target, Date.now()];
});
addEventListener("pagehide", () => (copies.tab.typing = isTyping() ? "yes" : ""));

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") typed = 0; // left on purpose
  if (!help || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (!box?.checkVisibility() && isTyping()) {
    typed = Date.now();
    return;
  }
  if (event.target.closest?.(FIELDS) || document.querySelector("dialog[open]")) return;
  const card = document.activeElement?.closest("[data-card]");
  const key = event.key.toLowerCase();
  if (key === "?") help.showModal();
  else if (key === "j" || key === "k") walk(card, key === "j" ? 1 : -1);
  else if (/^[a-z1-9]$/.test(key)) {
    const all = [...document.querySelectorAll(`[data-key="${key}"]`)].filter((e) => opened(e) || e.href || visible(e));
    const found =
      all.find((element) => card?.contains(element)) ?? all.find((element) => !element.closest("[data-card]"));
    if (!found) return;
    // A reveal cannot be undone: the key only brings you to its button.
    if (found.matches(FIELDS) || found.hasAttribute("data-reveals")) found.focus();
    else {
      if (!opened(found)) found.click();
      if (opened(found)) document.querySelector(found.dataset.opens).focus(); // before the next key
    }
  } else return;
  event.preventDefault();
});
