// The shop on the start page: its categories, and products before anything is typed.

import * as api from "../api/endpoints.js";
import { $, button, element } from "../browser/dom.js";
import { counted, number, valueName } from "../browser/i18n.js";
import { go } from "../state/navigation.js";
import { nothing } from "../state/query.js";
import { loadOffered } from "../state/search.js";
import { isHome } from "../state/shown.js";
import { store } from "../state/store.js";
import { fillRack } from "./rack.js";

/** @import { Answer, FacetValue, State } from "../types" */

const PRODUCTS = 12;
const CATEGORIES = 24;
const BESTSELLING = "bestselling";

/** @param {FacetValue} value */
const categoryButton = (value) =>
  button({}, () => go({ ...nothing, facetFilters: { category: [value.value] } }),
    valueName("category", value), element("span", { className: "number" }, number(value.count)));

/** Categories that hold a part of the shop, the largest first. @param {Answer} answer */
function showCategories({ facets, total }) {
  const values = facets.flatMap((facet) => facet.values).filter(({ count }) => count < total);
  $("categories").replaceChildren(...values.map(categoryButton));
  $("categories").hidden = !values.length;
}

/** @param {State} state */
async function answerFor({ shopper }) {
  const { facets } = await loadOffered();
  const hasCategories = facets.some(({ field }) => field === "category");
  const answer = await api.shop(shopper, { products: PRODUCTS, categories: hasCategories ? CATEGORIES : 0 });
  showCategories(answer);
  return { hits: answer.hits, personal: false };
}

/** @param {State} state */
function showShop(state) {
  $("browse-all").textContent = counted("browse.show", state.stats?.products ?? 0);
  fillRack($("shop"), answerFor(state));
}

export function mountShop() {
  $("browse-all").addEventListener("click", () => go({ ...nothing, sort: BESTSELLING }));
  store.watch((state) => {
    const { language, shopper, stats, drawer } = state;
    if (!isHome(state) || !stats?.products || drawer.length) return null;
    return [language, shopper];
  }, showShop);
}
