// Why a hit is where it is: its score as a sum, and in words.

import { button, element } from "../browser/dom.js";
import { currentLanguage, known, listed, number, t } from "../browser/i18n.js";
import { knownProfile } from "../state/shopper.js";
import { store } from "../state/store.js";
import { showHeatMaps } from "./heat-map.js";
import { shopperName } from "./shopper-name.js";

/** @import { Details, Hit, Product } from "../types" */

const SLIGHT = 0.01; // of the score: what moves it less is not worth a sentence

export const SCORE_FORMAT = { minimumFractionDigits: 3, maximumFractionDigits: 3 };

/**
 * Whole thousandths that add up exactly to the rounded total, so that the sum on the page can be checked by eye.
 *
 * @param {number[]} values
 * @param {number} total
 */
function thousandths(values, total) {
  const floors = values.map((value) => Math.floor(value * 1000));
  const missing = Math.round(total * 1000) - floors.reduce((sum, value) => sum + value, 0);
  const byRest = values
    .map((value, index) => ({ index, rest: value * 1000 - floors[index] }))
    .sort((a, b) => b.rest - a.rest);
  for (const { index } of byRest.slice(0, Math.max(0, missing))) floors[index] += 1;
  return floors.map((value) => value / 1000);
}

/**
 * A score as the sum of its contributions.
 *
 * @param {Record<string, number>} contributions
 * @param {number} score
 */
export function scoreBars(contributions, score) {
  const names = Object.keys(contributions);
  const exact = Object.values(contributions);
  const shown = thousandths(exact, score);
  const largest = Math.max(...exact.map(Math.abs), Number.EPSILON);
  const rows = names.map((name, index) => {
    const bar = element("span", { className: `bar bar-${name}` });
    bar.style.width = `${(100 * Math.abs(exact[index])) / largest}%`;
    bar.classList.toggle("negative", exact[index] < 0);
    const text = number(shown[index], SCORE_FORMAT);
    const value = element("data", { className: "value", value: String(shown[index]) }, text);
    const label = known(`why.part.${name}`) ? t(`why.part.${name}`) : name;
    return element("li", {}, element("span", {}, label), value, element("span", { className: "track" }, bar));
  });
  const sum = element("data", { className: "value", value: score.toFixed(3) }, number(score, SCORE_FORMAT));
  return element("div", { className: "sum" },
    element("ul", {}, ...rows),
    element("p", { className: "score" }, element("span", {}, t("why.score")), sum));
}

/** @param {number} value */
const percent = (value) => number(value, { style: "percent" });

/** @param {number} probability */
const share = (probability) => (probability < 0.005 ? `< ${percent(0.01)}` : percent(probability));

/** What the ranking and the shopper's history did to a hit. @param {Hit} hit */
function movedBy({ contributions, score }) {
  return ["ranking", "shopper"].flatMap((part) => {
    const contribution = contributions[part] ?? 0;
    if (Math.abs(contribution) < SLIGHT * Math.abs(score)) return [];
    return [t(contribution > 0 ? `why.${part}.up` : `why.${part}.down`)];
  });
}

/** @param {Details} details */
function sentences({ hit, constraints }) {
  const texts = hit.reason ? [hit.reason[currentLanguage()]] : movedBy(hit);
  const holding = constraints.filter(({ where }) => hit.constraints.includes(where));
  const labels = holding.map(({ labels: names, text }) => names[currentLanguage()] ?? text);
  if (labels.length) texts.push(t("why.true", { facts: listed(labels) }));
  if (hit.relevance !== null) texts.push(t("why.relevance", { share: share(hit.relevance) }));
  if (hit.matchedTerms.length) texts.push(t("why.matched", { words: listed(hit.matchedTerms) }));
  if (hit.rules.length) texts.push(t("why.moved", { rules: listed(hit.rules) }));
  return texts;
}

/**
 * Says what of a product its shopper likes, as soon as the profile is known.
 *
 * @param {HTMLElement} place
 * @param {Product} product
 */
async function showShared(place, { attributes, category, brand }) {
  const profile = await knownProfile();
  if (!profile) return;
  const traits = [attributes.colour ?? attributes.color, ...category, brand].filter(Boolean);
  const likes = [...profile.colours, ...profile.categories, ...profile.brands];
  const shared = likes.filter((value) => traits.includes(value));
  const name = shopperName();
  place.textContent = shared.length
    ? t("why.shared", { name, values: listed([...new Set(shared)]) })
    : t("why.unshared", { name });
}

/**
 * @param {Details} details
 * @param {{ withHeatMap: boolean }} options
 */
export function explanation(details, { withHeatMap }) {
  const { hit, query } = details;
  const shared = element("p", { className: "shared" });
  const maps = element("div", { className: "maps", id: "maps" });
  if (store.state.shopper) showShared(shared, hit.product);
  if (query) {
    const draw = () => showHeatMaps(maps, hit, query);
    if (withHeatMap) draw();
    else maps.append(button({ className: "link" }, draw, t("map.show")));
  }
  return element("section", { className: "why", id: "why" },
    element("h3", {}, t("why.title")),
    scoreBars(hit.contributions, hit.score),
    ...sentences(details).map((text) => element("p", {}, text)),
    shared,
    query ? maps : null);
}
