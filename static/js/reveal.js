// The one staged moment: when a swap brings [data-revealed] that was not there, the focus moves to it and data-announce is
// spoken. (The cards unfold by themselves, in CSS.)
const revealed = () => document.querySelector("[data-revealed]");
let known = revealed();

addEventListener("htmx:afterSettle", () => {
  const heading = revealed();
  if (!heading || known) { known = heading; return; }
  known = heading;
  const polite = document.querySelector("[data-polite]");
  if (polite) polite.textContent = heading.dataset.announce ?? "";
  if (document.activeElement?.matches("input, textarea, select")) return; // never out of a sentence
  heading.tabIndex = -1;
  heading.focus();
});
