// When [data-revealed] comes in, the cards unfold, and the heading gets the focus.
const LASTS = 1000;
const revealed = () => document.querySelector("[data-revealed]");
let known = revealed();

new MutationObserver(() => {
  const board = revealed();
  const comes = board && !known;
  known = board;
  if (!comes) return;
  const page = document.documentElement;
  page.dataset.unfolding = "";
  setTimeout(() => delete page.dataset.unfolding, LASTS);
  if (document.activeElement?.matches("input, textarea, select")) return; // never out of a sentence
  const heading = document.querySelector("[data-board-heading]") ?? document.querySelector("h1");
  heading.tabIndex = -1;
  heading.focus();
}).observe(document.getElementById("main"), {
  subtree: true,
  childList: true,
  attributes: true,
  attributeFilter: ["data-revealed"],
});
