// Between the names of the HTTP API (schema.d.ts) and those of the page (types.d.ts).

import { filterOf, nothing } from "../state/query.js";

/** @import * as Wire from "./schema" */
/**
 * @import {
 *   Action, Answer, Example, ExampleShopper, Facet, FacetField, Hit, Profile, Query, Recommendations, WhyNot
 * } from "../types"
 */

const PAGE_SIZE = 48;
const RELATED_QUERIES = 6;
const HISTOGRAM_BINS = 20;
const FACET_VALUES = 100;
const STRONGEST_VALUES = 4;
const CATEGORY_SEPARATOR = " > ";

// ---- requests ----

/**
 * A query as the form that every search route takes.
 *
 * @param {Query} query
 * @param {string} shopper
 */
export function searchForm(query, shopper) {
  const form = new FormData();
  /** @param {string} name @param {string} value */
  const append = (name, value) => value && form.append(name, value);
  for (const photo of query.photos) form.append("photo", photo.blob, "photo");
  append("text", query.text);
  append("without", query.without);
  append("where", filterOf(query));
  append("sort", query.sort);
  append("shopper", shopper);
  for (const id of query.liked) form.append("liked", id);
  for (const id of query.disliked) form.append("disliked", id);
  for (const constraint of query.dismissed) form.append("dismissed", constraint);
  if (Object.keys(query.facetFilters).length) form.append("facet_filters", JSON.stringify(query.facetFilters));
  if (query.literal) form.append("understand", "false");
  return form;
}

/**
 * The form of a page of hits; the first page comes with facets.
 *
 * @param {Query} query
 * @param {string} shopper
 * @param {{ facets?: FacetField[], pageToken?: string }} options
 */
export function pageForm(query, shopper, { facets = [], pageToken }) {
  const form = searchForm(query, shopper);
  form.append("k", String(PAGE_SIZE));
  form.append("related", String(RELATED_QUERIES));
  form.append("explain", "true");
  for (const { field, kind, limit } of facets) {
    const size = kind === "numbers" ? { bins: limit ?? HISTOGRAM_BINS } : { limit: limit ?? FACET_VALUES };
    form.append("facets", JSON.stringify({ field, ...size }));
  }
  if (pageToken) form.append("page_token", pageToken);
  return form;
}

/**
 * The form of the first products of the whole shop, with its categories.
 *
 * @param {string} shopper
 * @param {{ products: number, categories: number }} sizes
 */
export function shopForm(shopper, { products, categories }) {
  const form = searchForm(nothing, shopper);
  form.append("k", String(products));
  if (categories) form.append("facets", JSON.stringify({ field: "category", limit: categories }));
  return form;
}

/**
 * @param {Query} query
 * @param {string} shopper
 * @param {string} id
 */
export function whyNotForm(query, shopper, id) {
  const form = searchForm(query, shopper);
  form.append("id", id);
  return form;
}

/**
 * @param {Query} query
 * @param {string} shopper
 * @param {string} id
 * @param {"query" | "product"} side
 */
export function heatMapForm(query, shopper, id, side) {
  const form = searchForm(query, shopper);
  form.append("id", id);
  form.append("side", side);
  return form;
}

/**
 * An interaction with a product at its place, in the shape of UBI.
 *
 * @param {Action} action
 * @param {Hit} hit
 * @param {string} shopper
 * @param {string} eventId
 */
export const eventOf = (action, { product, queryId, rank }, shopper, eventId) => ({
  action_name: action,
  client_id: shopper,
  event_id: eventId,
  timestamp: new Date().toISOString(),
  query_id: queryId,
  event_attributes: { object: { object_id: product.id }, position: { ordinal: rank } },
});

// ---- responses ----

/**
 * @param {Wire.WireHit} hit
 * @param {string} queryId
 * @param {number} before hits of earlier pages
 * @returns {Hit}
 */
const hitOf = (hit, queryId, before) => ({
  product: hit.product,
  photo: hit.photo,
  queryId,
  rank: before + hit.rank,
  score: hit.score,
  contributions: hit.contributions,
  relevance: hit.relevance,
  matchedTerms: hit.matched_terms,
  constraints: hit.constraints,
  rules: hit.rules,
  variants: hit.variants,
  reason: null,
});

/**
 * @param {Wire.WireFacet} facet
 * @returns {Facet}
 */
const facetOf = ({ field, kind, values, total_values, edges, counts }) =>
  ({ field, kind, values, totalValues: total_values, edges, counts });

/**
 * @param {Wire.WireSearchResponse} response
 * @param {Query} query
 * @param {number} [before] hits of earlier pages
 * @returns {Answer}
 */
export const answerOf = (response, query, before = 0) => ({
  query,
  reference: null,
  total: response.total,
  sort: response.sort,
  hits: response.hits.map((hit) => hitOf(hit, response.query_id, before)),
  facets: response.facets.map(facetOf),
  constraints: response.chips,
  searchedAs: response.searched_as,
  didYouMean: response.did_you_mean,
  related: response.related,
  notes: response.notes,
  nextPageToken: response.next_page_token,
  noGoodMatch: response.no_good_match,
  nearMisses: response.near_misses.map((hit) => hitOf(hit, response.query_id, before)),
  redirect: response.redirect,
  timings: response.timings_ms,
});

/**
 * @param {Wire.WireWhyNot} reason
 * @returns {WhyNot}
 */
export const whyNotOf = (reason) => ({
  kind: reason.kind.replace(" ", "-"),
  rank: reason.rank,
  score: reason.score,
  contributions: reason.contributions,
  lowestShownScore: reason.lowest_shown_score,
  failing: reason.failing,
  representedBy: reason.represented_by,
});

/**
 * @param {Wire.WireRecommendations} response
 * @returns {Recommendations}
 */
export const recommendationsOf = (response) => ({
  personal: response.personal,
  hits: response.products.map((recommended) => ({
    product: recommended.product,
    photo: recommended.photo,
    queryId: response.query_id,
    rank: recommended.rank,
    score: recommended.score,
    contributions: recommended.contributions,
    relevance: null,
    matchedTerms: [],
    constraints: [],
    rules: [],
    variants: 0,
    reason: recommended.reason,
  })),
});

/** @param {Record<string, number>} affinities strongest first */
const strongest = (affinities) =>
  Object.keys(affinities).filter((value) => affinities[value] > 0).slice(0, STRONGEST_VALUES);

/**
 * @param {Wire.WireProfile} profile
 * @returns {Profile}
 */
export const profileOf = (profile) => ({
  events: profile.events,
  colours: strongest(profile.colour),
  categories: strongest(profile.category).map((path) => path.split(CATEGORY_SEPARATOR).at(-1) ?? path),
  brands: strongest(profile.brand),
  recent: profile.recent.map(({ product, kind }) => ({ product, kind })).reverse(),
  purchasedProducts: Object.keys(profile.bought).length,
});

/**
 * @param {Wire.WireExample} example
 * @returns {Example}
 */
export const exampleOf = ({ label_en, label_zh, text, photo }) =>
  ({ label: { en: label_en, zh: label_zh }, text: text ?? "", photo });

/**
 * @param {Wire.WireExampleShopper} shopper
 * @returns {ExampleShopper}
 */
export const exampleShopperOf = ({ id, name_en, name_zh, likes_en, likes_zh }) =>
  ({ id, name: { en: name_en, zh: name_zh }, likes: { en: likes_en, zh: likes_zh } });
