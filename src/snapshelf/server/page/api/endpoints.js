// The routes of the server that the page uses.

import { random } from "../browser/random.js";
import { request, requestJson } from "./client.js";
import * as wire from "./wire.js";
import { nothing } from "../state/query.js";

/** @import * as Wire from "./schema" */
/** @import { Action, FacetField, Hit, Offered, Product, Query, Stats, Suggestion } from "../types" */

const RECOMMENDED = 12;

/**
 * @template Answer
 * @param {string} path
 * @param {FormData} body
 * @param {AbortSignal} [signal]
 * @returns {Promise<Answer>}
 */
const post = (path, body, signal) => requestJson(path, { method: "POST", body, signal });

/**
 * The first page of hits, with facets.
 *
 * @param {Query} query
 * @param {string} shopper
 * @param {FacetField[]} facets
 * @param {AbortSignal} signal
 */
export async function search(query, shopper, facets, signal) {
  /** @type {Wire.WireSearchResponse} */
  const response = await post("v1/search", wire.pageForm(query, shopper, { facets }), signal);
  return wire.answerOf(response, query);
}

/**
 * The first products of the whole shop, and its largest categories where it has any.
 *
 * @param {string} shopper
 * @param {{ products: number, categories: number }} sizes
 */
export async function shop(shopper, sizes) {
  /** @type {Wire.WireSearchResponse} */
  const response = await post("v1/search", wire.shopForm(shopper, sizes));
  return wire.answerOf(response, nothing);
}

/**
 * A further page of hits.
 *
 * @param {Query} query
 * @param {string} shopper
 * @param {string} pageToken
 * @param {number} before hits of earlier pages
 * @param {AbortSignal} signal
 */
export async function searchPage(query, shopper, pageToken, before, signal) {
  /** @type {Wire.WireSearchResponse} */
  const response = await post("v1/search", wire.pageForm(query, shopper, { pageToken }), signal);
  return wire.answerOf(response, query, before);
}

/**
 * How much each part of a photo counts, in rows of weights from 0 to 1.
 *
 * @param {Query} query
 * @param {string} shopper
 * @param {string} id
 * @param {"query" | "product"} side
 */
export async function heatMap(query, shopper, id, side) {
  /** @type {Wire.WireHeatMap} */
  const { grid } = await post("v1/search/heat-map", wire.heatMapForm(query, shopper, id, side));
  return grid;
}

/**
 * @param {Query} query
 * @param {string} shopper
 * @param {string} id
 */
export const whyNot = async (query, shopper, id) =>
  wire.whyNotOf(await post("v1/search/why-not", wire.whyNotForm(query, shopper, id)));

/**
 * @param {"for-you" | "trending" | "similar" | "complete-the-look" | "recently-seen"} kind
 * @param {string} shopper
 * @param {{ product?: string, k?: number }} [options]
 */
export async function recommend(kind, shopper, { product, k = RECOMMENDED } = {}) {
  const parameters = new URLSearchParams({ kind, k: String(k) });
  if (product) parameters.set("product", product);
  if (shopper) parameters.set("shopper", shopper);
  return wire.recommendationsOf(await requestJson(`v1/recommendations?${parameters}`));
}

/**
 * @param {Action} action
 * @param {Hit} hit
 * @param {string} shopper
 */
export const sendEvent = (action, hit, shopper) =>
  request("v1/events", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(wire.eventOf(action, hit, shopper, random())),
    keepalive: true,
  });

/** @param {string} shopper */
const shopperPath = (shopper) => `v1/shoppers/${encodeURIComponent(shopper)}`;

/** @param {string} shopper */
export const profile = async (shopper) => wire.profileOf(await requestJson(`${shopperPath(shopper)}/profile`));

/** @param {string} shopper */
export const forget = (shopper) => request(shopperPath(shopper), { method: "DELETE" });

export async function exampleShoppers() {
  /** @type {Wire.WireExampleShopper[]} */
  const shoppers = await requestJson("v1/examples/shoppers");
  return shoppers.map(wire.exampleShopperOf);
}

/**
 * @param {string} typed
 * @param {string} language
 * @param {AbortSignal} signal
 * @returns {Promise<Suggestion[]>}
 */
export async function suggest(typed, language, signal) {
  const parameters = new URLSearchParams({ q: typed, language });
  /** @type {Wire.WireSuggestions} */
  const { suggestions } = await requestJson(`v1/suggest?${parameters}`, { signal });
  return suggestions;
}

/**
 * @param {string} id
 * @param {AbortSignal} signal
 * @returns {Promise<Product>}
 */
export const product = (id, signal) => requestJson(`v1/products/${encodeURIComponent(id)}`, { signal });

/** @param {string} id */
export const photoPath = (id) => `v1/products/${encodeURIComponent(id)}/photo`;

/** @returns {Promise<Offered>} */
export const facets = () => requestJson("v1/facets");

/** @returns {Promise<Stats>} */
export const stats = () => requestJson("v1/stats");

export async function examples() {
  /** @type {Wire.WireExample[]} */
  const response = await requestJson("v1/examples");
  return response.map(wire.exampleOf);
}

/** @param {string} path */
export const photo = async (path) => (await request(path)).blob();
