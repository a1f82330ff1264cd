// The one staged moment: when a swap brings [data-revealed] that was not there, the cards unfold, the focus moves to the
// heading, and data-announce is spoken.
const revealed = () => document.querySelector("[data-revealed]");
let known = revealed()?.dataset.revealed;

addEventListener("htmx:afterSettle", () => {
  const board = revealed();
  if (!board || board.dataset.revealed === known) return;
  known = board.dataset.revealed;
  for (const card of board.querySelectorAll("[data-card]")) {
    card.classList.add("new");
    card.addEventListener("animationend", () => card.classList.remove("new"), { once: true });
  }
  const polite = document.querySelector("[data-polite]");
  if (polite) polite.textContent = board.dataset.announce ?? "";
  if (document.activeElement?.matches("input, textarea, select")) return; // never out of a sentence
  const heading = document.querySelector("[data-board-heading]") ?? document.querySelector("h1");
  heading.tabIndex = -1;
  heading.focus();
});
