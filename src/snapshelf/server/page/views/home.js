// The start page: what the shelf holds, examples to try, and products for the shopper.

import * as api from "../api/endpoints.js";
import { $, button, element } from "../browser/dom.js";
import { currentLanguage, number, t } from "../browser/i18n.js";
import { isHome } from "../state/shown.js";
import { store } from "../state/store.js";
import { searchExample } from "./photo-input.js";
import { fillRack } from "./rack.js";
import { shopperName } from "./shopper-name.js";

/** @import { Example, State } from "../types" */

/** @param {State} state */
function showNumbers({ stats }) {
  if (!stats) return;
  const products = number(stats.products);
  $("intro-text").textContent = t("intro.text", { products });
  $("stats").textContent = t("footer.stats", { products, photos: number(stats.photos), encoder: stats.encoder });
}

/** @param {Example} example @param {...Node} picture */
const exampleItem = (example, ...picture) =>
  element("li", {},
    button({}, () => searchExample(example), ...picture, element("span", {}, example.label[currentLanguage()])));

/** @param {string} photo */
const framed = (photo) => element("span", { className: "frame" }, element("img", { src: photo, alt: "" }));

/** @param {State} state */
function showExamples({ examples }) {
  const withPhoto = examples.flatMap((example) => (example.photo ? [exampleItem(example, framed(example.photo))] : []));
  const ofWords = examples.filter((example) => !example.photo).map((example) => exampleItem(example));
  $("example-photos").replaceChildren(...withPhoto);
  $("example-words").replaceChildren(...ofWords);
}

/** @param {State} state */
function showForYou({ shopper }) {
  const title = shopper ? t("rack.for-you", { name: shopperName() }) : t("rack.trending");
  $("for-you-title").textContent = title;
  $("for-you-items").setAttribute("aria-label", title);
  fillRack($("for-you"), api.recommend(shopper ? "for-you" : "trending", shopper));
}

export function mountHome() {
  store.watch(({ language, stats }) => [language, stats], showNumbers);
  store.watch(({ language, examples }) => [language, examples], showExamples);
  // What was opened may change what is recommended; while it is open, the rack beneath stays.
  store.watch((state) => {
    const { language, shopper, exampleShoppers, interactions, stats, drawer } = state;
    if (!isHome(state) || !stats?.products || drawer.length) return null;
    return [language, shopper, exampleShoppers, interactions];
  }, showForYou);
}
