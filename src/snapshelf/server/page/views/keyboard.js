// Keys: "/" for the words, arrows from card to card, Escape out of a field.

import { $ } from "../browser/dom.js";

function shownCards() {
  /** @type {NodeListOf<HTMLElement>} */
  const cards = $("grid").querySelectorAll(".card:not(.skeleton)");
  return [...cards];
}

/** @param {HTMLElement | undefined} card */
const focusCard = (card) => card?.querySelector("button")?.focus();

/**
 * Where a key leads from a card: to its neighbour in the row, or to the card above or below.
 *
 * @param {HTMLElement[]} cards
 * @param {number} index
 * @param {string} key
 */
function neighbour(cards, index, key) {
  const columns = cards.filter((other) => other.offsetTop === cards[0].offsetTop).length;
  if (key === "Home") return cards[0];
  if (key === "End") return cards[cards.length - 1];
  if (key === "ArrowRight") return cards[index + 1];
  if (key === "ArrowLeft") return cards[index - 1];
  return cards[index + (key === "ArrowDown" ? columns : -columns)];
}

/** @param {KeyboardEvent} event */
function followKey(event) {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog:modal")) return;
  if (!(target instanceof HTMLElement)) return;
  const words = $("words", HTMLInputElement);
  const isTyping = target.matches("input, textarea, select");
  const card = target.closest(".card");
  if (key === "/" && !isTyping) {
    event.preventDefault();
    words.select();
    words.focus();
  } else if (key === "Escape" && isTyping) {
    target.blur();
  } else if (key === "ArrowDown" && target === words && shownCards().length) {
    event.preventDefault();
    focusCard(shownCards()[0]);
  } else if (card instanceof HTMLElement && /^(Arrow(Up|Down|Left|Right)|Home|End)$/.test(key)) {
    event.preventDefault();
    const next = neighbour(shownCards(), shownCards().indexOf(card), key);
    if (next) focusCard(next);
    else if (key === "ArrowUp") words.focus();
  }
}

export function mountKeyboard() {
  document.addEventListener("keydown", followKey);
}
