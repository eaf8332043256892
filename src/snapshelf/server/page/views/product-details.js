// A product in full: what it is, why it is where it is, and what stands beside it.

import * as api from "../api/endpoints.js";
import { button, element, icon } from "../browser/dom.js";
import { currentLanguage, fieldName, localised, money, number, t } from "../browser/i18n.js";
import { go } from "../state/navigation.js";
import { nothing } from "../state/query.js";
import { store } from "../state/store.js";
import { cartButtons } from "./cart.js";
import { explanation } from "./explanation.js";
import { fillRack, rack } from "./rack.js";

/** @import { Details, Product } from "../types" */

/** @param {Product} product */
function attributeRows({ attributes }) {
  const otherLanguage = currentLanguage() === "zh" ? "_en" : "_zh";
  return Object.entries(attributes)
    .filter(([name]) => !/^(title|description)_/.test(name) && !name.endsWith(otherLanguage))
    .flatMap(([name, value]) => [element("dt", {}, fieldName(name)), element("dd", {}, attributeText(value))]);
}

/** @param {string | number | string[]} value */
function attributeText(value) {
  if (Array.isArray(value)) return value.join(" · ");
  return typeof value === "number" ? number(value, { useGrouping: false }) : String(value);
}

/** @param {Product} product */
function stockText({ availability, stock }) {
  if (availability === "in_stock" && stock !== null) return t("product.stock", { count: number(stock) });
  return t(`product.${availability}`);
}

/** @param {Details} details */
function actions({ hit }) {
  const { product } = hit;
  const similar = () => go({ ...nothing, liked: [product.id] });
  const row = element("p", { className: "actions" },
    button({ className: "primary" }, similar, icon("similar"), t("product.similar")),
    ...cartButtons(hit));
  // A feed may hold any scheme; only a web address may become a link.
  if (/^https?:\/\//i.test(product.url)) {
    const properties = { href: product.url, target: "_blank", rel: "noopener noreferrer" };
    row.append(element("a", properties, t("product.shop"), icon("out")));
  }
  return row;
}

/** @param {Product} product */
function racks(product) {
  const kinds = /** @type {const} */ (["similar", "complete-the-look"]);
  return kinds.map((kind) => {
    const section = rack(t(`rack.${kind}`));
    fillRack(section, api.recommend(kind, store.state.shopper, { product: product.id }));
    return section;
  });
}

/**
 * The content of the drawer.
 *
 * @param {Details} details
 * @param {{ isSame: boolean }} options whether it is there already, in another language
 */
export function productDetails(details, { isSame }) {
  const { product, photo } = details.hit;
  const title = localised(product, "title");
  const image = element("img", { src: photo, alt: title });
  const stand = element("div", { className: "stand" }, image);
  image.addEventListener("error", () => stand.classList.add("no-photo"), { once: true });
  return [
    stand,
    element("p", { className: "path" }, product.category.join(" › ")),
    element("h2", { id: "drawer-title", tabIndex: -1 }, title),
    element("p", { className: "brand-name" }, product.brand),
    element("p", { className: "facts" },
      element("span", { className: "price" }, product.price ? money(product.price) : ""),
      element("span", { className: `stock ${product.availability}` }, stockText(product))),
    actions(details),
    explanation(details, { withHeatMap: details.withHeatMap && !isSame }),
    element("p", { className: "description" }, localised(product, "description")),
    element("dl", {}, ...attributeRows(product)),
    element("p", { className: "id" }, product.id),
    ...racks(product),
  ];
}
