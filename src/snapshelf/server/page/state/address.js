// Queries as addresses. An address holds everything but the photos, of which the history holds the ids.

import { isValues, nothing } from "./query.js";

/** @import { Photo, Query } from "../types" */

/** @type {[string, "text" | "without" | "where" | "sort"][]} */
const TEXTS = [["q", "text"], ["without", "without"], ["where", "where"], ["sort", "sort"]];

/** @type {[string, "liked" | "disliked" | "dismissed" | "required"][]} */
const LISTS = [["like", "liked"], ["unlike", "disliked"], ["drop", "dismissed"], ["only", "required"]];

const VALUES = "is.";
const RANGE = "in.";

/** @param {Query} query */
export function addressOf(query) {
  const parameters = new URLSearchParams();
  for (const [name, field] of TEXTS) if (query[field]) parameters.set(name, query[field]);
  for (const [name, field] of LISTS) for (const item of query[field]) parameters.append(name, item);
  for (const [field, filter] of Object.entries(query.facetFilters)) {
    if (isValues(filter)) for (const value of filter) parameters.append(VALUES + field, value);
    else parameters.set(RANGE + field, `${filter.low ?? ""}..${filter.high ?? ""}`);
  }
  if (query.literal) parameters.set("literal", "1");
  return String(parameters) ? `?${parameters}` : location.pathname;
}

/** @param {string | undefined} text */
const numberOrNull = (text) => (!text || !Number.isFinite(Number(text)) ? null : Number(text));

/**
 * @param {string} search the part of an address that begins with "?"
 * @param {Photo[]} photos
 * @returns {Query}
 */
export function queryOf(search, photos) {
  const parameters = new URLSearchParams(search);
  /** @type {Record<string, string[] | { low: number | null, high: number | null }>} */
  const facetFilters = {};
  for (const [name, value] of parameters) {
    const field = name.slice(VALUES.length);
    if (name.startsWith(VALUES)) facetFilters[field] = parameters.getAll(name);
    if (name.startsWith(RANGE)) {
      const [low, high] = value.split("..").map(numberOrNull);
      facetFilters[field] = { low, high: high ?? null };
    }
  }
  const texts = Object.fromEntries(TEXTS.map(([name, field]) => [field, parameters.get(name) ?? ""]));
  const lists = Object.fromEntries(LISTS.map(([name, field]) => [field, parameters.getAll(name)]));
  return { ...nothing, ...texts, ...lists, photos, facetFilters, literal: parameters.has("literal") };
}
