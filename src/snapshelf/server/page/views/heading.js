// The heading of the results, how many there are, and how long they took.

import { $, element } from "../browser/dom.js";
import { counted, known, listed, localised, number, t, valueName } from "../browser/i18n.js";
import { hasIntent, isValues, similarTo } from "../state/query.js";
import { isHome, shownAnswer, shownQuery } from "../state/shown.js";
import { store } from "../state/store.js";

/** @import { State } from "../types" */

const NEGLIGIBLE_MS = 0.05;

/** The chosen categories, or else the whole shop. @param {State} state */
function headingForBrowsing(state) {
  const chosen = shownQuery(state).facetFilters.category ?? [];
  if (!isValues(chosen) || !chosen.length) return t("browse.all");
  const values = shownAnswer(state)?.facets.find(({ field }) => field === "category")?.values ?? [];
  return listed(chosen.map((value) =>
    valueName("category", values.find((candidate) => candidate.value === value) ?? { value, labels: null })));
}

/** @param {State} state */
function headingFor(state) {
  const { text, photos, liked } = shownQuery(state);
  if (!hasIntent({ text, photos, liked })) return headingForBrowsing(state);
  const similar = similarTo(shownQuery(state));
  if (similar) {
    const reference = shownAnswer(state)?.reference;
    return t("results.similar", { title: reference ? localised(reference, "title") : similar });
  }
  if (photos.length && text) return t("results.both", { text });
  if (photos.length) return t(photos.length > 1 ? "results.photos" : "results.photo");
  if (text) return t("results.words", { text });
  return liked.length ? t("results.liked") : "";
}

/** @param {number} value */
const rounded = (value) => number(value, { maximumFractionDigits: value < 10 ? 1 : 0 });

/** @param {string} name */
const stageName = (name) => (known(`stage.${name}`) ? t(`stage.${name}`) : name);

/** The whole time, with the stages as its title. @param {Record<string, number>} timings */
function timeElement(timings) {
  const total = Object.values(timings).reduce((sum, value) => sum + value, 0);
  const stages = Object.entries(timings).filter(([, value]) => value >= NEGLIGIBLE_MS);
  const title = listed(stages.map(([name, value]) => `${stageName(name)} ${rounded(value)}`));
  return element("span", { title }, t("results.time", { time: rounded(total) }));
}

/** @param {State} state */
function showHeading(state) {
  const heading = headingFor(state);
  $("results-title").textContent = heading;
  document.title = heading ? `${heading} · Snapshelf` : "Snapshelf";
  $("results-meta").replaceChildren();
  const answer = shownAnswer(state);
  if (!answer?.hits.length) return;
  const isAll = answer.total === state.stats?.products && hasIntent(answer.query);
  $("results-meta").append(
    element("span", {}, counted(isAll ? "results.best" : "results.count", answer.total)),
    timeElement(answer.timings));
}

export function mountHeading() {
  store.watch((state) => {
    const { language, stats } = state;
    return isHome(state) ? ["home"] : [language, shownQuery(state), shownAnswer(state), stats];
  }, showHeading);
}
