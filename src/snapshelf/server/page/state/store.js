// The state of the page: one object, changed only by the methods below. Views watch what they show.

import { haveSameIntent, nothing } from "./query.js";

/** @import { ApiError } from "../api/client.js" */
/**
 * @import {
 *   Answer, Details, Example, ExampleShopper, Language, Offered, Photo, Profile, Query, State, Stats
 * } from "../types"
 */

class Store {
  /** @type {Readonly<State>} */
  #state;

  /** @type {(() => void)[]} */
  #watchers = [];

  /** @param {State} initial */
  constructor(initial) {
    this.#state = Object.freeze(initial);
  }

  get state() {
    return this.#state;
  }

  /**
   * Calls `react` now and whenever a picked value has changed. While `pick` gives null, nothing happens.
   *
   * @param {(state: State) => unknown[] | null} pick
   * @param {(state: State) => void} react
   */
  watch(pick, react) {
    /** @type {unknown[] | null} */
    let seen = null;
    const check = () => {
      const picked = pick(this.#state);
      if (!picked || (seen && picked.every((value, at) => Object.is(value, seen?.[at])))) return;
      seen = picked;
      react(this.#state);
    };
    this.#watchers.push(check);
    check();
  }

  /** @param {Partial<State>} changes */
  #change(changes) {
    this.#state = Object.freeze({ ...this.#state, ...changes });
    for (const check of this.#watchers) check();
  }

  /** @param {Language} language */
  setLanguage(language) {
    localStorage.setItem("language", language);
    this.#change({ language });
  }

  // ---- searching ----

  /**
   * @param {Query} query
   * @param {{ controller: AbortController, lostPhotos: number }} options
   */
  startSearch(query, { controller, lostPhotos }) {
    this.#change({ query, lostPhotos, loading: { what: "search", controller }, failure: null, pageFailure: null });
  }

  /** @param {Answer} answer */
  finishSearch(answer) {
    const { answer: last, showsAll } = this.#state;
    const isNarrowed = last !== null && haveSameIntent(last.query, answer.query);
    this.#change({ answer, loading: null, showsAll: showsAll && isNarrowed });
  }

  /** @param {ApiError} failure */
  failSearch(failure) {
    this.#change({ failure, loading: null });
  }

  /**
   * The start page: nothing is asked for.
   *
   * @param {number} lostPhotos
   */
  clearSearch(lostPhotos) {
    this.#change({
      query: nothing,
      lostPhotos,
      answer: null,
      loading: null,
      failure: null,
      pageFailure: null,
      showsAll: false,
    });
  }

  /** @param {AbortController} controller */
  startPage(controller) {
    this.#change({ loading: { what: "page", controller }, pageFailure: null });
  }

  /** @param {Answer} page */
  addPage(page) {
    const { answer } = this.#state;
    if (!answer) return;
    const hits = [...answer.hits, ...page.hits];
    this.#change({ answer: { ...answer, hits, nextPageToken: page.nextPageToken }, loading: null });
  }

  /** @param {ApiError} pageFailure */
  failPage(pageFailure) {
    this.#change({ pageFailure, loading: null });
  }

  /** @param {Photo} photo */
  addPhoto(photo) {
    this.#change({ photos: { ...this.#state.photos, [photo.id]: photo } });
  }

  showAll() {
    this.#change({ showsAll: true });
  }

  // ---- drawer ----

  /**
   * Opens products in the drawer on top of each other; none closes it.
   *
   * @param {readonly Details[]} drawer
   */
  setDrawer(drawer) {
    const details = { ...this.#state.details, ...Object.fromEntries(drawer.map((opened) => [opened.id, opened])) };
    if (drawer.length || this.#state.drawer.length) this.#change({ drawer, details });
  }

  /** @param {Promise<void>} traversal */
  startTraversal(traversal) {
    this.#change({ traversal });
  }

  endTraversal() {
    this.#change({ traversal: null });
  }

  // ---- facets ----

  /** @param {string} field @param {boolean} open */
  setFacetOpen(field, open) {
    const { facets } = this.#state;
    this.#change({ facets: { ...facets, open: { ...facets.open, [field]: open } } });
  }

  /** @param {string} field @param {boolean} expanded */
  setFacetExpanded(field, expanded) {
    const { facets } = this.#state;
    const typed = { ...facets.typed, [field]: "" };
    this.#change({ facets: { ...facets, expanded: { ...facets.expanded, [field]: expanded }, typed } });
  }

  /** @param {string} field @param {string} typed */
  setFacetTyped(field, typed) {
    const { facets } = this.#state;
    this.#change({ facets: { ...facets, typed: { ...facets.typed, [field]: typed } } });
  }

  // ---- shop and shoppers ----

  /** @param {Promise<Offered> | null} offeredRequest */
  startOffered(offeredRequest) {
    this.#change({ offeredRequest });
  }

  /** @param {Offered} offered */
  finishOffered(offered) {
    this.#change({ offered });
  }

  /** @param {Stats | null} stats @param {Example[]} examples */
  setShop(stats, examples) {
    this.#change({ stats, examples });
  }

  /** @param {ExampleShopper[]} exampleShoppers @param {string} shopper */
  setExampleShoppers(exampleShoppers, shopper) {
    this.#change({ exampleShoppers, shopper });
  }

  /** @param {string} shopper */
  setShopper(shopper) {
    this.#change({ shopper, profile: null });
  }

  /** @param {Profile | "unavailable" | null} profile */
  setProfile(profile) {
    this.#change({ profile });
  }

  addInteraction() {
    this.#change({ interactions: this.#state.interactions + 1, profile: null });
  }
}

/** @returns {Language} */
function initialLanguage() {
  const remembered = localStorage.getItem("language");
  if (remembered === "en" || remembered === "zh") return remembered;
  return navigator.language.startsWith("zh") ? "zh" : "en";
}

export const store = new Store({
  language: initialLanguage(),
  query: nothing,
  answer: null,
  loading: null,
  failure: null,
  pageFailure: null,
  showsAll: false,
  photos: {},
  lostPhotos: 0,
  details: {},
  drawer: [],
  traversal: null,
  facets: { open: {}, expanded: {}, typed: {} },
  offeredRequest: null,
  offered: null,
  stats: null,
  examples: [],
  shopper: localStorage.getItem("shopper") ?? "",
  exampleShoppers: [],
  profile: null,
  interactions: 0,
});
