// The history: each search is an entry, and so is each product opened in the drawer, so that Back closes it.
// An entry holds the ids of the photos, which its address cannot hold, and of what is open in the drawer.

import { random } from "../browser/random.js";
import { addressOf, queryOf } from "./address.js";
import { findPhoto } from "./photos.js";
import { areEqual } from "./query.js";
import { runSearch } from "./search.js";
import { recordInteraction } from "./shopper.js";
import { store } from "./store.js";

/** @import { Details, Query } from "../types" */

/**
 * @typedef {object} Entry
 * @property {string[]} photos
 * @property {string[]} drawer
 */

/** @returns {Entry} */
const currentEntry = () => ({ photos: [], drawer: [], ...history.state });

/**
 * A new entry. A browser that is going back would drop it, so that has to be done first.
 *
 * @param {Query} query
 * @param {readonly Details[]} drawer
 */
async function push(query, drawer) {
  await store.state.traversal;
  /** @type {Entry} */
  const entry = { photos: query.photos.map(({ id }) => id), drawer: drawer.map(({ id }) => id) };
  history.pushState(entry, "", addressOf(query));
  store.setDrawer(drawer);
}

/**
 * Starts a search, which closes the drawer.
 *
 * @param {Query} query
 */
export async function go(query) {
  await push(query, []);
  window.scrollTo({ top: 0 });
  await runSearch(query);
}

/**
 * Opens a product in the drawer, on top of what is open there.
 *
 * @param {Omit<Details, "id">} details
 */
export async function openDetails(details) {
  await push(store.state.query, [...store.state.drawer, { ...details, id: random() }]);
  recordInteraction("click", details.hit).catch(() => {}); // an event that cannot be sent is lost, and nothing else
}

/** Goes back to the entry without a drawer. */
export function closeDetails() {
  if (!store.state.drawer.length || store.state.traversal) return;
  store.startTraversal(traverse(-currentEntry().drawer.length));
}

/** @param {number} steps */
async function traverse(steps) {
  await new Promise((resolve) => {
    window.addEventListener("popstate", resolve, { once: true });
    history.go(steps);
  });
  store.endTraversal();
}

/** Brings the page to the current entry. */
async function restore() {
  const entry = currentEntry();
  const photos = entry.photos.map(findPhoto).filter((photo) => photo !== null);
  const lostPhotos = entry.photos.length - photos.length;
  const query = queryOf(location.search, photos);
  store.setDrawer(entry.drawer.map((id) => store.state.details[id]).filter(Boolean));
  if (!areEqual(query, store.state.query) || lostPhotos) await runSearch(query, { lostPhotos });
}

/** Follows the history from now on. A reload closes the drawer. */
export function followHistory() {
  window.addEventListener("popstate", restore);
  const { drawer } = currentEntry();
  if (drawer.length) history.go(-drawer.length);
  else restore();
}
