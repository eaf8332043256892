// The hits: cards, skeletons while they are awaited, and further pages.

import { $, replaceKeepingFocus } from "../browser/dom.js";
import { number, t } from "../browser/i18n.js";
import { announce } from "../browser/live.js";
import { loadNextPage } from "../state/search.js";
import { isAwaited, isCutOff, shownAnswer, shownHits, shownQuery } from "../state/shown.js";
import { store } from "../state/store.js";
import { hitCard, skeletonCard } from "./card.js";
import { errorText } from "./notice.js";

/** @import { State } from "../types" */

const SKELETONS = 12;

/** Photos that are loaded stay, so that narrowing down does not flicker. @param {State} state */
function showCards(state) {
  if (isAwaited(state)) return $("grid").replaceChildren(...Array.from({ length: SKELETONS }, skeletonCard));
  /** @type {NodeListOf<HTMLElement>} */
  const loaded = $("grid").querySelectorAll(".card.shown");
  const stands = new Map([...loaded].map((card) => [card.dataset.id, card.querySelector(".stand")]));
  const cards = shownHits(state).map(hitCard);
  for (const card of cards) {
    const stand = stands.get(card.dataset.id);
    if (!stand) continue;
    card.querySelector(".stand")?.replaceWith(stand);
    card.classList.add("shown");
  }
  replaceKeepingFocus($("grid"), cards);
}

/** @param {State} state */
function showMore(state) {
  const answer = shownAnswer(state);
  const { pageFailure, loading } = state;
  $("more").hidden = !answer?.nextPageToken || !answer.hits.length || isCutOff(state);
  if (!answer) return;
  const count = t("results.shown", { shown: number(answer.hits.length), total: number(answer.total) });
  $("more-count").textContent = count;
  $("more-error").textContent = pageFailure ? errorText(pageFailure) : "";
  $("more-button").textContent = t(pageFailure ? "error.retry" : "results.more");
  $("more-button", HTMLButtonElement).disabled = loading?.what === "page";
}

async function showNextPage() {
  const before = $("grid").children.length;
  await loadNextPage();
  const first = $("grid").children[before];
  if (!first) return $("more-button").focus();
  first.querySelector("button")?.focus({ preventScroll: true });
  announce($("more-count").textContent ?? "");
}

export function mountHits() {
  $("more-button").addEventListener("click", showNextPage);
  store.watch((state) => {
    const { liked, disliked } = shownQuery(state);
    return [state.language, state.answer, isAwaited(state), state.showsAll, liked, disliked];
  }, showCards);
  store.watch(
    (state) => [state.language, shownAnswer(state), isCutOff(state), state.pageFailure, state.loading],
    showMore);
  store.watch(({ loading }) => [loading?.what === "search"], ({ loading }) => {
    $("results").setAttribute("aria-busy", String(loading?.what === "search"));
  });
}
