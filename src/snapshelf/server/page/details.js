// One product in full: the drawer with its facts, why it is where it is, and what of the photos made it so.

import * as api from "./api.js";
import { button, element, icon } from "./dom.js";
import { currentLanguage, fieldName, known, money, number, own, t } from "./i18n.js";
import { fill, rack } from "./rack.js";
import { cartButtons, knownOf, shopperName, tastes } from "./shopper.js";
import { shopperId } from "./who.js";

const SLIGHT = 0.01; // of the score: what moves it less is not worth a word
const DIGITS = { minimumFractionDigits: 3, maximumFractionDigits: 3 };

// Whole thousandths that add up exactly to the rounded total, so that the sum on the page can be checked by eye.
function thousandths(values, total) {
  const floors = values.map((value) => Math.floor(value * 1000));
  let missing = Math.round(total * 1000) - floors.reduce((sum, value) => sum + value, 0);
  const byRest = values
    .map((value, index) => ({ index, rest: value * 1000 - floors[index] }))
    .sort((a, b) => b.rest - a.rest);
  for (const { index } of byRest) {
    if (missing <= 0) break;
    floors[index] += 1;
    missing -= 1;
  }
  return floors.map((value) => value / 1000);
}

function bars(contributions, score) {
  const names = Object.keys(contributions);
  const exact = Object.values(contributions);
  const shown = thousandths(exact, score);
  const largest = Math.max(...exact.map(Math.abs), Number.EPSILON);
  const rows = names.map((name, index) => {
    const bar = element("span", { className: `bar bar-${name}` });
    bar.style.width = `${(100 * Math.abs(exact[index])) / largest}%`;
    bar.classList.toggle("negative", exact[index] < 0);
    const value = element("data", { className: "value", value: String(shown[index]) }, number(shown[index], DIGITS));
    const label = known(`why.part.${name}`) ? t(`why.part.${name}`) : name;
    return element("li", {}, element("span", {}, label), value, element("span", { className: "track" }, bar));
  });
  const sum = element("data", { className: "value", value: score.toFixed(3) }, number(score, DIGITS));
  return element("div", { className: "sum" },
    element("ul", {}, ...rows),
    element("p", { className: "score" }, element("span", {}, t("why.score")), sum));
}

const percent = (value) => number(value, { style: "percent" });

const share = (probability) => (probability < 0.005 ? `< ${percent(0.01)}` : percent(probability));

// What the ranking and the shopper's past did to a hit, in words.
function moved({ contributions, score }) {
  const said = [];
  for (const part of ["ranking", "shopper"]) {
    const by = contributions[part] ?? 0;
    if (Math.abs(by) >= SLIGHT * Math.abs(score)) said.push(t(by > 0 ? `why.${part}.up` : `why.${part}.down`));
  }
  return said;
}

// What of a product its shopper has liked before; the profile may come later.
async function showShared(place, product) {
  const profile = await knownOf();
  if (!profile) return;
  const { colour, category, brand } = tastes(profile);
  const facts = [product.attributes.colour ?? product.attributes.color, ...product.category, product.brand].filter(Boolean);
  const shared = [...colour, ...category, ...brand].filter((value) => facts.includes(value));
  place.textContent = shared.length
    ? t("why.shared", { name: shopperName(), values: [...new Set(shared)].join(t("list.comma")) })
    : t("why.unshared", { name: shopperName() });
}

// chips: facts read from the words; those that hold for the hit are said.
function why(hit, chips) {
  const said = hit.reason ? [hit.reason[currentLanguage()]] : moved(hit);
  const holding = chips.filter((chip) => hit.facts.includes(chip.where)).map((chip) => chip.labels[currentLanguage()] ?? chip.text);
  if (holding.length) said.push(t("why.true", { facts: holding.join(t("list.comma")) }));
  if (hit.relevance !== null) said.push(t("why.relevance", { share: share(hit.relevance) }));
  if (hit.matched.length) said.push(t("why.matched", { words: hit.matched.join(t("list.comma")) }));
  if (hit.rules.length) said.push(t("why.moved", { rules: hit.rules.join(t("list.comma")) }));
  return element("section", { className: "why", id: "why" },
    element("h3", {}, t("why.title")),
    bars(hit.contributions, hit.score),
    ...said.map((text) => element("p", {}, text)),
    element("p", { className: "shared", id: "shared" }),
    element("div", { className: "maps", id: "maps" }));
}

// Paints how much each part of a photo counts, from see-through to the accent.
function painted(grid) {
  const canvas = element("canvas", { width: grid[0].length, height: grid.length, ariaHidden: "true" });
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  grid.flat().forEach((weight, at) => image.data.set([226, 74, 20, Math.round(215 * weight ** 1.4)], 4 * at));
  context.putImageData(image, 0, 0);
  return canvas;
}

function picture(source, caption) {
  const frame = element("span", { className: "mapped" }, element("img", { src: source, alt: caption }));
  return element("figure", {}, frame, element("figcaption", {}, caption));
}

// The photos of the query and of the product with what they have in common, as soon as the server knows.
async function showMaps(place, hit, query) {
  const sides = [["product", hit.photo, t("map.product")]];
  if (query.photos.length === 1) sides.unshift(["query", query.photos[0].url, t("map.query")]);
  place.setAttribute("aria-busy", "true");
  const figures = sides.map(([, source, caption]) => picture(source, caption));
  place.replaceChildren(element("p", {}, t("map.title")), element("div", { className: "pair" }, ...figures));
  const drawn = sides.map(async ([side], at) => {
    const map = await api.heatMap(query, hit.product.id, side);
    figures[at].firstElementChild.append(painted(map.grid));
  });
  const outcomes = await Promise.allSettled(drawn);
  place.removeAttribute("aria-busy");
  if (outcomes.some(({ status }) => status === "rejected")) place.append(element("p", { className: "quietly" }, t("map.failed")));
}

function attributeRows(attributes) {
  const other = currentLanguage() === "zh" ? "_en" : "_zh";
  return Object.entries(attributes)
    .filter(([name]) => !/^(title|description)_/.test(name) && !name.endsWith(other))
    .flatMap(([name, value]) => {
      const shown = Array.isArray(value) ? value.join(" · ") : typeof value === "number" ? number(value, { useGrouping: false }) : value;
      return [element("dt", {}, fieldName(name)), element("dd", {}, shown)];
    });
}

function stockOf(product) {
  if (product.availability === "in_stock" && product.stock !== null) return t("product.stock", { count: number(product.stock) });
  return t(`product.${product.availability}`);
}

const RACKS = { similar: "rack.similar", "complete-the-look": "rack.complete-the-look" };

// What stands beside a product: what is like it, and what goes with it.
function racks(product, onOpen) {
  return Object.entries(RACKS).map(([kind, title]) => {
    const made = rack(t(title));
    fill(made, api.recommended(kind, { product: product.id }), onOpen);
    return made;
  });
}

// The content of the drawer; query: null for what nobody asked for; mapped: the map of the photos is asked for at once.
export function details(hit, { query, chips, mapped, onSimilar, onOpen }) {
  const { product } = hit;
  const title = own(product, "title");
  const actions = element("p", { className: "actions" },
    button({ className: "primary" }, () => onSimilar(product), icon("similar"), t("product.similar")),
    ...cartButtons(hit));
  // A feed may hold any scheme; only a web address may become a link.
  if (/^https?:\/\//i.test(product.url)) {
    actions.append(element("a", { href: product.url, target: "_blank", rel: "noopener noreferrer" }, t("product.shop"), icon("out")));
  }
  const photo = element("img", { src: hit.photo, alt: title });
  photo.addEventListener("error", () => photo.parentElement.classList.add("no-photo"), { once: true });
  const reasons = why(hit, chips);
  const place = reasons.querySelector("#maps");
  const ask = () => showMaps(place, hit, query);
  if (shopperId()) showShared(reasons.querySelector("#shared"), product);
  if (!query) place.remove();
  else if (mapped) ask();
  else place.append(button({ className: "link" }, ask, t("map.show")));
  return [
    element("div", { className: "stand" }, photo),
    element("p", { className: "path" }, product.category.join(" › ")),
    element("h2", { id: "drawer-title" }, title),
    element("p", { className: "brand-name" }, product.brand),
    element("p", { className: "facts" },
      element("span", { className: "price" }, product.price ? money(product.price) : ""),
      element("span", { className: `stock ${product.availability}` }, stockOf(product))),
    actions,
    reasons,
    element("p", { className: "description" }, own(product, "description")),
    element("dl", {}, ...attributeRows(product.attributes)),
    element("p", { className: "id" }, product.id),
    ...racks(product, onOpen),
  ];
}

// The answer to "why not this product", in the page's language.
export function reasonFor(answer) {
  const failing = answer.failing.join(t("list.comma"));
  const values = { rank: answer.rank === null ? "" : number(answer.rank), failing, instead: answer.instead };
  const made = [element("p", {}, t(`whynot.reason.${answer.kind.replace(" ", "-")}`, values))];
  if (answer.score !== null) made.push(bars(answer.contributions, answer.score));
  if (answer.least !== null) made.push(element("p", { className: "quietly" }, t("whynot.least", { least: number(answer.least, DIGITS) })));
  return made;
}
