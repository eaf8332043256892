// What of the state the results show: hits stay while they are narrowed down, and when another search fails.

import { haveSameIntent } from "./query.js";

/** @import { Answer, Hit, Query, State } from "../types" */

const FEW = 8;

/**
 * Whether the start page is shown.
 *
 * @param {State} state
 */
export const isHome = ({ answer, failure, loading, lostPhotos }) => !answer && !failure && !loading && !lostPhotos;

/**
 * Whether the hits of a new search are awaited, so that those of the last one are shown no more.
 *
 * @param {State} state
 */
export const isAwaited = ({ query, answer, loading }) =>
  loading?.what === "search" && !(answer && haveSameIntent(query, answer.query));

/**
 * @param {State} state
 * @returns {Answer | null}
 */
export const shownAnswer = (state) => (isAwaited(state) ? null : state.answer);

/**
 * The query that the results belong to; what the shopper changes about them starts from it.
 *
 * @param {State} state
 * @returns {Query}
 */
export const shownQuery = ({ query, answer, failure }) => (failure && answer ? answer.query : query);

/**
 * Whether hits that are no good match are held back. Of similar products they never are.
 *
 * @param {State} state
 */
export function isCutOff(state) {
  const answer = shownAnswer(state);
  return Boolean(answer?.noGoodMatch && !state.showsAll && (answer.query.text || answer.query.photos.length));
}

/**
 * @param {State} state
 * @returns {Hit[]}
 */
export function shownHits(state) {
  const answer = shownAnswer(state);
  if (!answer) return [];
  if (!isCutOff(state)) return answer.hits;
  return answer.nearMisses.length ? answer.nearMisses : answer.hits.slice(0, FEW);
}

/**
 * The filter expression's mistake, where that is why the search failed.
 *
 * @param {State} state
 */
export const filterError = ({ failure }) => (failure?.kind === "filter" ? failure : null);

/**
 * The currency of the hits, which that of their prices as facets is.
 *
 * @param {Answer | null} answer
 */
export const currencyOf = (answer) =>
  answer?.hits.find(({ product }) => product.price)?.product.price?.currency ?? null;
