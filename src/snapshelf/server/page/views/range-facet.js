// A facet of numbers: a histogram with a slider of two thumbs, and both ends as numbers to type.

import { element } from "../browser/dom.js";
import { amount, fieldName, t } from "../browser/i18n.js";
import { go } from "../state/navigation.js";
import { isValues, withFacetFilter } from "../state/query.js";

/** @import { Facet, NumberRange, Query } from "../types" */

const MAX_BARS = 20;
const NEARLY_ALL = 0.98;
const LOWEST_BAR = 6; // percent: a bar of few products can still be seen

/** @param {number[]} counts */
const sum = (counts) => counts.reduce((total, count) => total + count, 0);

/**
 * The histogram with fewer bars. Few products are dear, so bars of equal width would leave most of the slider to them:
 * what is beyond nearly all products shares the last bar.
 *
 * @param {Facet} facet
 */
function mergedBars({ edges, counts }) {
  const all = sum(counts);
  const fine = counts.findIndex((_, at) => sum(counts.slice(0, at + 1)) >= NEARLY_ALL * all) + 1;
  const step = Math.ceil(fine / MAX_BARS);
  const merged = { edges: [edges[0]], counts: /** @type {number[]} */ ([]) };
  for (let at = 0; at < fine; at += step) {
    const end = at + step < fine ? at + step : counts.length;
    merged.counts.push(sum(counts.slice(at, end)));
    merged.edges.push(edges[end]);
  }
  return merged;
}

/** @param {number[]} counts */
function barElements(counts) {
  const highest = Math.max(...counts, 1);
  return counts.map((count) => {
    const bar = element("span");
    bar.style.height = count ? `${Math.max(LOWEST_BAR, (100 * count) / highest)}%` : "0";
    return bar;
  });
}

/** @param {string} text */
const numberOrNull = (text) => (text === "" ? null : Number(text));

/** @param {Facet} facet @param {Query} query @param {string | null} currency */
export function rangeFacet(facet, query, currency) {
  const { field } = facet;
  const { edges, counts } = mergedBars(facet);
  const last = counts.length;
  const filter = query.facetFilters[field];
  const chosen = filter && !isValues(filter) ? filter : { low: null, high: null };
  const isCoarse = edges[1] - edges[0] > 1;

  /** An edge as a number that people would type. @param {number} value @param {"floor" | "ceil"} round */
  const tidy = (value, round) => (isCoarse ? Math[round](value) : Number(value.toPrecision(4)));

  /** The edge at a chosen end. @param {number | null} value @param {number} otherwise */
  function edgeAt(value, otherwise) {
    if (value === null) return otherwise;
    const at = edges.findIndex((edge) => edge >= value);
    return at < 0 ? last : at;
  }

  /** @param {"low" | "high"} end @param {number} at */
  function slider(end, at) {
    const ariaLabel = t(`range.${end}`, { name: fieldName(field) });
    const bounds = { min: "0", max: String(last), step: "1" };
    const thumb = element("input", { type: "range", className: end, ariaLabel, ...bounds, value: String(at) });
    thumb.dataset.key = `${field}:${end}`;
    return thumb;
  }

  /** @param {"low" | "high"} end @param {number} limit */
  function numberBox(end, limit) {
    const ariaLabel = t(`range.${end}`, { name: fieldName(field) });
    const texts = { value: String(chosen[end] ?? ""), placeholder: String(limit), ariaLabel };
    const box = element("input", { type: "number", step: "any", inputMode: "decimal", ...texts });
    box.dataset.key = `${field}#${end}`;
    return box;
  }

  const low = slider("low", edgeAt(chosen.low, 0));
  const high = slider("high", edgeAt(chosen.high, last));
  const from = numberBox("low", tidy(edges[0], "floor"));
  const to = numberBox("high", tidy(edges[last], "ceil"));
  const bars = barElements(counts);
  const track = element("div", { className: "thumbs" }, low, high);

  const ends = () => [Number(low.value), Number(high.value)];

  function paint() {
    const [first, end] = ends();
    for (const [at, bar] of bars.entries()) bar.classList.toggle("out", at < first || at >= end);
    track.style.setProperty("--low", `${(100 * first) / last}%`);
    track.style.setProperty("--high", `${(100 * end) / last}%`);
    low.setAttribute("aria-valuetext", amount(field, tidy(edges[first], "floor"), currency));
    high.setAttribute("aria-valuetext", amount(field, tidy(edges[end], "ceil"), currency));
  }

  /** The range between the thumbs; an end that is not moved is no limit. @returns {NumberRange} */
  function range() {
    const [first, end] = ends();
    return {
      low: first === 0 ? null : tidy(edges[first], "floor"),
      high: end === last ? null : tidy(edges[end], "ceil"),
    };
  }

  /** @param {NumberRange} limits */
  const choose = (limits) => go(withFacetFilter(query, field, limits));

  for (const thumb of [low, high]) {
    thumb.addEventListener("input", () => {
      const [first, end] = ends();
      if (first >= end) thumb.value = String(thumb === low ? end - 1 : first + 1);
      from.value = String(range().low ?? "");
      to.value = String(range().high ?? "");
      paint();
    });
    thumb.addEventListener("change", () => choose(range()));
  }
  for (const box of [from, to]) {
    box.addEventListener("change", () => {
      const [typedLow, typedHigh] = [numberOrNull(from.value), numberOrNull(to.value)];
      const isTurned = typedLow !== null && typedHigh !== null && typedLow > typedHigh;
      choose(isTurned ? { low: typedHigh, high: typedLow } : { low: typedLow, high: typedHigh });
    });
  }
  paint();
  return [
    element("div", { className: "range" },
      element("div", { className: "bars", ariaHidden: "true" }, ...bars),
      track,
      element("div", { className: "ends" }, from, element("span", { ariaHidden: "true" }, "–"), to)),
  ];
}
