// Queries: values that say all that is asked for, and what can be made of them.

/** @import { NumberRange, Query } from "../types" */

export const MAX_PHOTOS = 4;

/** @type {Readonly<Query>} */
export const nothing = Object.freeze({
  text: "",
  without: "",
  photos: Object.freeze([]),
  liked: Object.freeze([]),
  disliked: Object.freeze([]),
  where: "",
  sort: "",
  facetFilters: Object.freeze({}),
  dismissed: Object.freeze([]),
  required: Object.freeze([]),
  literal: false,
});

/**
 * Whether something is looked for. Otherwise the shop is browsed.
 *
 * @param {Pick<Query, "text" | "photos" | "liked">} query
 */
export const hasIntent = ({ text, photos, liked }) => Boolean(text || photos.length || liked.length);

/**
 * Whether nothing is asked for, not even a part of the shop.
 *
 * @param {Query} query
 */
export const isEmpty = (query) => !hasIntent(query) && !query.sort && !countRefinements(query);

/**
 * The id of the product of which similar ones are looked for, when nothing else is.
 *
 * @param {Query} query
 */
export const similarTo = ({ text, photos, liked, disliked }) =>
  liked.length === 1 && !text && !photos.length && !disliked.length ? liked[0] : null;

/**
 * What is looked for; the rest of a query narrows it down or sorts it.
 *
 * @param {Query} query
 */
const intent = ({ text, photos, liked, disliked, without }) =>
  JSON.stringify([text, photos.map(({ id }) => id), liked, disliked, without]);

/** @param {Query} a @param {Query} b */
export const haveSameIntent = (a, b) => intent(a) === intent(b);

/** @param {Query} query */
const identity = (query) => JSON.stringify({ ...query, photos: query.photos.map(({ id }) => id) });

/** @param {Query} a @param {Query} b */
export const areEqual = (a, b) => identity(a) === identity(b);

/**
 * The query without what narrows it down.
 *
 * @param {Query} query
 * @returns {Query}
 */
export const unrefined = (query) => ({ ...query, where: "", facetFilters: {}, dismissed: [], required: [] });

/** @param {Query} query */
export const countRefinements = ({ where, facetFilters, required }) =>
  Object.keys(facetFilters).length + required.length + (where ? 1 : 0);

/**
 * The filter expression and the required constraints together: OR binds tighter than AND, so no brackets are needed.
 *
 * @param {Query} query
 */
export const filterOf = ({ where, required }) => [where, ...required].filter(Boolean).join(" AND ");

/**
 * @param {readonly string[] | NumberRange} filter
 * @returns {filter is readonly string[]}
 */
export const isValues = (filter) => Array.isArray(filter);

/**
 * @param {Query} query
 * @param {string} field
 * @param {readonly string[] | NumberRange | null} filter null takes the filter away, and so does an empty one
 * @returns {Query}
 */
export function withFacetFilter(query, field, filter) {
  const { [field]: _, ...others } = query.facetFilters;
  const isNothing = !filter || (isValues(filter) ? !filter.length : filter.low === null && filter.high === null);
  return { ...query, facetFilters: isNothing ? others : { ...query.facetFilters, [field]: filter } };
}

/**
 * @template Item
 * @param {readonly Item[]} list
 * @param {Item} item
 */
export const without = (list, item) => list.filter((other) => other !== item);
