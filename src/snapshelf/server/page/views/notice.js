// The notice above the hits, or in their place: errors, no results, no good match.

import { $, button } from "../browser/dom.js";
import { counted, t } from "../browser/i18n.js";
import { announce } from "../browser/live.js";
import { go } from "../state/navigation.js";
import { countRefinements, hasIntent, unrefined } from "../state/query.js";
import { searchAgain } from "../state/search.js";
import { filterError, isCutOff, isHome, shownAnswer, shownHits } from "../state/shown.js";
import { store } from "../state/store.js";

/** @import { ApiError } from "../api/client.js" */
/** @import { State } from "../types" */

/** Errors that are the request's: asking again would change nothing. */
const FINAL = ["photo", "not-photo", "body-too-large", "not-found", "filter", "query"];

/** @param {ApiError} failure */
const isPassing = ({ kind }) => !FINAL.includes(kind);

/** @param {ApiError} failure */
export const errorText = ({ kind, message }) =>
  t(`error.${FINAL.includes(kind) || kind === "network" ? kind : "other"}`, { what: message });

/**
 * Title and text of the notice; null where there is nothing to say.
 *
 * @param {State} state
 * @returns {[string, string] | null}
 */
function noticeFor(state) {
  const { failure, stats, query, lostPhotos } = state;
  const answer = shownAnswer(state);
  if (failure && !(filterError(state) && answer)) {
    const text = errorText(failure);
    return [t("error.title"), answer ? t("error.kept", { error: text }) : text];
  }
  if (lostPhotos && !hasIntent(query)) {
    return [counted("photo.lost.title", lostPhotos), counted("photo.lost", lostPhotos)];
  }
  if (!answer) return null;
  if (stats?.products === 0) return [t("shelf.empty.title"), t("shelf.empty.text")];
  if (!answer.hits.length) return [t("empty.title"), t(countRefinements(query) ? "empty.refined" : "empty.text")];
  if (isCutOff(state)) return [t("cutoff.title"), t(answer.nearMisses.length ? "cutoff.close" : "cutoff.text")];
  return null;
}

function showAll() {
  store.showAll();
  $("grid").querySelector("button")?.focus();
}

/** @param {State} state */
function actionsFor(state) {
  const { failure, query } = state;
  const actions = [];
  if (failure && isPassing(failure)) actions.push(button({ className: "primary" }, searchAgain, t("error.retry")));
  if (countRefinements(query)) {
    actions.push(button({ className: "secondary" }, () => go(unrefined(query)), t("empty.unrefine")));
  }
  if (!failure && isCutOff(state) && shownAnswer(state)?.hits.length) {
    actions.push(button({ className: "secondary", id: "show-all" }, showAll, t("cutoff.all")));
  }
  return actions;
}

/** @param {State} state */
function showNotice(state) {
  const notice = noticeFor(state);
  $("notice").hidden = !notice;
  $("notice").classList.toggle("above", shownHits(state).length > 0);
  if (!notice) return;
  [$("notice-title").textContent, $("notice-text").textContent] = notice;
  $("notice-actions").replaceChildren(...actionsFor(state));
}

/** @param {State} state */
function announceOutcome(state) {
  const answer = shownAnswer(state);
  const notice = noticeFor(state);
  if (state.loading) announce(t("results.loading"));
  else if (filterError(state) && answer) announce(""); // the filter says it
  else if (notice) announce(notice.join(". "));
  else if (answer) announce(counted("results.count", answer.total));
}

export function mountNotice() {
  store.watch((state) => [
    state.language, state.failure, state.stats, state.query, state.lostPhotos, state.showsAll, shownAnswer(state),
  ], showNotice);
  store.watch(
    (state) => (isHome(state) || state.loading?.what === "page" ? null : [state.loading, state.failure]),
    announceOutcome);
}
