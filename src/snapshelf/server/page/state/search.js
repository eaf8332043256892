// Searching: asks the server and puts what comes of it into the state.

import { asApiError, isAbort } from "../api/client.js";
import * as api from "../api/endpoints.js";
import { hasIntent, isEmpty, similarTo } from "./query.js";
import { store } from "./store.js";

/** @import { ApiError } from "../api/client.js" */
/** @import { FacetField, Offered, Query } from "../types" */

const MAX_FACETS = 20;

/**
 * Searches. The hits shown stay until others come.
 *
 * @param {Query} query
 * @param {{ lostPhotos?: number }} [options]
 */
export async function runSearch(query, { lostPhotos = 0 } = {}) {
  store.state.loading?.controller.abort();
  if (isEmpty(query) || (lostPhotos && !hasIntent(query))) return store.clearSearch(lostPhotos);

  const controller = new AbortController();
  store.startSearch(query, { controller, lostPhotos });
  const isLatest = () => store.state.loading?.controller === controller;
  try {
    const { facets } = await loadOffered();
    if (!isLatest()) return;
    const [answer, reference] = await Promise.all([
      api.search(query, store.state.shopper, facetsFor(query, facets), controller.signal),
      referenceOf(query, controller.signal),
    ]);
    if (isLatest()) store.finishSearch({ ...answer, reference });
  } catch (error) {
    if (!isAbort(error) && isLatest()) store.failSearch(asApiError(error));
  }
}

/** Searches again for what is asked for. */
export const searchAgain = () => runSearch(store.state.query, { lostPhotos: store.state.lostPhotos });

export async function loadNextPage() {
  const { answer, shopper } = store.state;
  if (!answer?.nextPageToken) return;
  const controller = new AbortController();
  store.startPage(controller);
  const isLatest = () => store.state.loading?.controller === controller;
  try {
    const { query, nextPageToken, hits } = answer;
    const page = await api.searchPage(query, shopper, nextPageToken, hits.length, controller.signal);
    if (isLatest()) store.addPage(page);
  } catch (error) {
    if (!isAbort(error) && isLatest()) store.failPage(asApiError(error));
  }
}

/**
 * Says that what was given cannot be searched for; nothing is asked.
 *
 * @param {ApiError} failure
 */
export function refuse(failure) {
  store.state.loading?.controller.abort();
  store.failSearch(failure);
}

/**
 * What a search may be narrowed down and sorted by; the server is asked once.
 *
 * @returns {Promise<Offered>}
 */
export async function loadOffered() {
  const request = store.state.offeredRequest ?? api.facets();
  store.startOffered(request);
  try {
    const offered = await request;
    store.finishOffered(offered);
    return offered;
  } catch {
    store.startOffered(null); // hits without facets are better than none; the next search asks again
    return { facets: [], sorts: [] };
  }
}

/**
 * The facets that shoppers narrow down by, and those that something was chosen of.
 *
 * @param {Query} query
 * @param {FacetField[]} fields
 */
function facetsFor(query, fields) {
  const shown = fields.filter((facet) => facet.shown).slice(0, MAX_FACETS);
  const chosen = fields.filter((facet) => facet.field in query.facetFilters && !shown.includes(facet));
  return [...shown, ...chosen];
}

/**
 * The product of which similar ones are looked for.
 *
 * @param {Query} query
 * @param {AbortSignal} signal
 */
async function referenceOf(query, signal) {
  const id = similarTo(query);
  if (!id) return null;
  const { answer } = store.state;
  const held = [answer?.reference, ...(answer?.hits ?? []).map(({ product }) => product)];
  return held.find((product) => product?.id === id) ?? api.product(id, signal);
}
