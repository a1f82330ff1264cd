// The card that a press is about, by its address.
window.cardOf = (path) => document.getElementById(`card-${path.split("/entries/")[1]?.slice(0, 8)}`);
