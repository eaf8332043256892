// The page in two languages: one dictionary, and everything that depends on the language.

const strings = await (await fetch(new URL("strings.json", import.meta.url))).json();

const remembered = localStorage.getItem("language");
let language = remembered in strings ? remembered : navigator.language.startsWith("zh") ? "zh" : "en";

const locale = () => (language === "zh" ? "zh-CN" : "en");

export const currentLanguage = () => language;

export function t(key, values = {}) {
  return strings[language][key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

export const known = (key) => key in strings[language];

export function counted(key, count) {
  const form = new Intl.PluralRules(locale()).select(count) === "one" ? "one" : "other";
  return t(`${key}.${form}`, { count: number(count) });
}

export const number = (value, options) => new Intl.NumberFormat(locale(), options).format(value);

export function money({ amount, currency }) {
  return number(amount, {
    style: "currency",
    currency,
    currencyDisplay: "narrowSymbol",
    trailingZeroDisplay: "stripIfInteger",
  });
}

export function translate(root) {
  for (const element of root.querySelectorAll("[data-i18n]")) {
    element.textContent = t(element.dataset.i18n);
  }
  for (const element of root.querySelectorAll("[data-i18n-attr]")) {
    for (const pair of element.dataset.i18nAttr.split(";")) {
      const [attribute, key] = pair.split(":");
      element.setAttribute(attribute, t(key));
    }
  }
}

export function useLanguage(name) {
  language = name;
  localStorage.setItem("language", name);
  showLanguage();
}

export function showLanguage() {
  document.documentElement.lang = locale();
  translate(document);
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === language));
  }
}

// A product's title or description in the page's language, where the shop gives one.
export const own = (product, field) => product.attributes[`${field}_${language}`] ?? product[field];

// What a field is called: attributes.heel_height is the shop's own, so it is shown as the shop writes it.
export function fieldName(field) {
  const plain = field.replace(/^attributes\./, "").replace(/_(en|zh)$/, "");
  for (const key of [`field.${plain}`, `attribute.${plain}`]) if (known(key)) return t(key);
  return plain.replaceAll("_", " ");
}

// What a value is called in the page's language, where the server knows.
export function valueName(field, { value, labels }) {
  if (field === "in_stock") return t(value === "true" ? "value.true" : "value.false");
  if (field === "availability" && known(`product.${value}`)) return t(`product.${value}`);
  return labels?.[language] ?? value;
}
