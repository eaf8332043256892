// The two languages of the page: texts, numbers, prices and names.

import { store } from "../state/store.js";

/** @import { FacetValue, Language, Price, Product } from "../types" */

/** @type {Record<Language, Record<string, string>>} */
const strings = await (await fetch(new URL("../strings.json", import.meta.url))).json();

const LOCALES = { en: "en", zh: "zh-CN" };

export const currentLanguage = () => store.state.language;

const locale = () => LOCALES[currentLanguage()];

/**
 * The text of a key, with values in the place of its {names}.
 *
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 * @returns {string}
 */
export const t = (key, values = {}) =>
  strings[currentLanguage()][key].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));

/** @param {string} key */
export const known = (key) => key in strings[currentLanguage()];

/**
 * The text for a number of things: key.one or key.other.
 *
 * @param {string} key
 * @param {number} count
 */
export function counted(key, count) {
  const form = new Intl.PluralRules(locale()).select(count) === "one" ? "one" : "other";
  return t(`${key}.${form}`, { count: number(count) });
}

/**
 * @param {number} value
 * @param {Intl.NumberFormatOptions} [options]
 */
export const number = (value, options) => new Intl.NumberFormat(locale(), options).format(value);

/** @param {Price} price */
export const money = ({ amount, currency }) =>
  number(Number(amount), {
    style: "currency",
    currency,
    currencyDisplay: "narrowSymbol",
    trailingZeroDisplay: "stripIfInteger",
  });

/**
 * A number of a field, which may be a price.
 *
 * @param {string} field
 * @param {number} value
 * @param {string | null} currency
 */
export const amount = (field, value, currency) =>
  field === "price" && currency
    ? money({ amount: value, currency })
    : number(value, { useGrouping: field === "price" });

/** @param {readonly string[]} values */
export const listed = (values) => values.join(t("list.comma"));

/**
 * Puts the texts of the current language into elements with data-i18n and data-i18n-attr.
 *
 * @param {ParentNode} root
 */
export function translate(root) {
  for (const node of root.querySelectorAll("[data-i18n]")) {
    node.textContent = t(node.getAttribute("data-i18n") ?? "");
  }
  for (const node of root.querySelectorAll("[data-i18n-attr]")) {
    for (const pair of (node.getAttribute("data-i18n-attr") ?? "").split(";")) {
      const [attribute, key] = pair.split(":");
      node.setAttribute(attribute, t(key));
    }
  }
}

/** Translates the whole page, now and whenever the language changes. */
export function translatePage() {
  /** @type {NodeListOf<HTMLElement>} */
  const buttons = document.querySelectorAll("[data-language]");
  for (const button of buttons) {
    button.addEventListener("click", () => store.setLanguage(button.dataset.language === "zh" ? "zh" : "en"));
  }
  store.watch(({ language }) => [language], () => {
    document.documentElement.lang = locale();
    translate(document);
    for (const button of buttons) {
      button.setAttribute("aria-pressed", String(button.dataset.language === currentLanguage()));
    }
  });
}

/**
 * A product's title or description in the language of the page, where the shop has it.
 *
 * @param {Product} product
 * @param {"title" | "description"} field
 */
export const localised = (product, field) =>
  String(product.attributes[`${field}_${currentLanguage()}`] ?? product[field]);

/**
 * What a field is called: as the shop's settings say, or as shops usually do. The name of a field that only this shop
 * has is shown as the shop writes it.
 *
 * @param {string} field
 */
export function fieldName(field) {
  const label = store.state.offered?.facets.find((facet) => facet.field === field)?.labels[currentLanguage()];
  if (label) return label;
  const plain = field.replace(/^attributes\./, "").replace(/_(en|zh)$/, "");
  for (const key of [`field.${plain}`, `attribute.${plain}`]) if (known(key)) return t(key);
  return plain.replaceAll("_", " ");
}

/**
 * What a value is called in the language of the page, where the server knows.
 *
 * @param {string} field
 * @param {Pick<FacetValue, "value" | "labels">} value
 */
export function valueName(field, { value, labels }) {
  if (field === "in_stock") return t(value === "true" ? "value.true" : "value.false");
  if (field === "availability" && known(`product.${value}`)) return t(`product.${value}`);
  return labels?.[currentLanguage()] ?? String(value);
}
