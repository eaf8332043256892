// The photos of queries. An address cannot hold a photo, so the history holds its id; a copy in the session storage
// outlasts a reload.

import { blobOf, dataUrlOf } from "../browser/images.js";
import { random } from "../browser/random.js";
import { store } from "./store.js";

/** @import { Photo } from "../types" */

const PREFIX = "photo.";

/**
 * @param {string} id
 * @param {Blob} blob
 */
function hold(id, blob) {
  const photo = { id, blob, url: URL.createObjectURL(blob) };
  store.addPhoto(photo);
  return photo;
}

/**
 * Makes a photo of a file. Its copy is kept in the background; where that fails, the page says so after a reload.
 *
 * @param {Blob} blob
 * @returns {Photo}
 */
export function photoOf(blob) {
  const photo = hold(`${Date.now()}.${random()}`, blob);
  dataUrlOf(blob).then((copy) => copy && keep(photo.id, copy)).catch(() => {});
  return photo;
}

/**
 * @param {string} id
 * @param {string} copy
 */
function keep(id, copy) {
  try {
    sessionStorage.setItem(PREFIX + id, copy);
  } catch (error) {
    // The storage is full: the oldest copy makes room. Ids begin with the time.
    const [oldest] = Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX)).sort();
    if (!oldest) throw error;
    sessionStorage.removeItem(oldest);
    keep(id, copy);
  }
}

/**
 * The photo with an id, or null when it is gone.
 *
 * @param {string} id
 * @returns {Photo | null}
 */
export function findPhoto(id) {
  const held = store.state.photos[id];
  if (held) return held;
  const copy = sessionStorage.getItem(PREFIX + id);
  return copy ? hold(id, blobOf(copy)) : null;
}
