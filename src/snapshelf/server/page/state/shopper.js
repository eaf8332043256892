// Who is looking: a guest, this browser, or one of the shoppers that the server offers. A guest leaves no trace.

import * as api from "../api/endpoints.js";
import { random } from "../browser/random.js";
import { searchAgain } from "./search.js";
import { store } from "./store.js";

/** @import { Action, Hit, Profile, State } from "../types" */

export const GUEST = "";

const SHOPPER = "shopper";
const OWN = "shopper.own";

/** @param {string} id */
export const exampleShopper = (id) => store.state.exampleShoppers.find((shopper) => shopper.id === id);

/** The id of this browser, where it has one already. */
export const ownId = () => localStorage.getItem(OWN);

/** The id of this browser; it is made when it is first wanted. */
function makeOwnId() {
  const id = ownId() ?? `browser-${random()}`;
  localStorage.setItem(OWN, id);
  return id;
}

/** @param {string} id */
function setShopper(id) {
  if (id) localStorage.setItem(SHOPPER, id);
  else localStorage.removeItem(SHOPPER);
  store.setShopper(id);
}

/** Loads the shoppers that the server offers. One of another shop is a guest here. */
export async function loadShoppers() {
  const shoppers = await api.exampleShoppers().catch(() => []);
  const { shopper } = store.state;
  const isHere = shopper === ownId() || shoppers.some(({ id }) => id === shopper);
  if (!isHere) localStorage.removeItem(SHOPPER);
  store.setExampleShoppers(shoppers, isHere ? shopper : GUEST);
}

/**
 * @param {string | null} id null: this browser
 */
export async function chooseShopper(id) {
  setShopper(id ?? makeOwnId());
  await searchAgain();
}

/** @type {Profile} */
const NO_PROFILE = { events: 0, colours: [], categories: [], brands: [], recent: [], purchasedProducts: 0 };

/** Loads the profile. Whether there is any is asked first: asking for none is an error. */
export async function loadProfile() {
  const { shopper } = store.state;
  if (!shopper) return;
  const profile = await api
    .recommend("recently-seen", shopper, { k: 1 })
    .then(({ personal }) => (personal ? api.profile(shopper) : NO_PROFILE))
    .catch(() => /** @type {const} */ ("unavailable"));
  if (shopper === store.state.shopper) store.setProfile(profile);
}

/** The profile of the shopper, loaded where that has to be; null where nothing is known. */
export async function knownProfile() {
  if (!isKnown(store.state.profile)) await loadProfile();
  const { profile } = store.state;
  return isKnown(profile) ? profile : null;
}

/**
 * @param {State["profile"]} profile
 * @returns {profile is Profile}
 */
export const isKnown = (profile) => profile !== null && profile !== "unavailable" && profile.events > 0;

/** Erases what is known of the shopper. This browser is somebody new from then on. */
export async function forgetShopper() {
  const { shopper } = store.state;
  await api.forget(shopper);
  if (!exampleShopper(shopper)) {
    localStorage.removeItem(OWN);
    setShopper(makeOwnId());
  }
  store.setProfile(NO_PROFILE);
  await searchAgain();
}

/**
 * Sends what the shopper did; for a guest nothing is sent.
 *
 * @param {Action} action
 * @param {Hit} hit
 */
export async function recordInteraction(action, hit) {
  const { shopper } = store.state;
  if (!shopper) return;
  await api.sendEvent(action, hit, shopper);
  store.addInteraction();
}
