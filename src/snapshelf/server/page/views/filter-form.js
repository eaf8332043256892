// Filters in writing, for those who know them, and words to move away from.

import { $, element } from "../browser/dom.js";
import { t } from "../browser/i18n.js";
import { go } from "../state/navigation.js";
import { filterError, shownQuery } from "../state/shown.js";
import { store } from "../state/store.js";
import { showFilters } from "./layout.js";

/** @import { State } from "../types" */

const where = $("where", HTMLTextAreaElement);
const without = $("without", HTMLInputElement);

/** @param {State} state */
function showQuery({ query }) {
  if (document.activeElement !== where) where.value = query.where;
  if (document.activeElement !== without) without.value = query.without;
  if (query.where) $("expert", HTMLDetailsElement).open = true;
}

/** Where the filter is wrong, from 0; behind its end when the server does not say. @param {State} state */
const positionOf = (state) => (filterError(state)?.position ?? [...state.query.where].length + 1) - 1;

/** @param {State} state */
function showError(state) {
  const error = filterError(state);
  where.setAttribute("aria-invalid", String(Boolean(error)));
  $("where-error").hidden = !error;
  if (!error) return;
  const letters = [...state.query.where];
  const at = positionOf(state);
  const mark = element("mark", {}, letters[at] ?? " ");
  const what = error.message.replace(/^filter, character \d+: /, "");
  $("where-error").replaceChildren(
    element("code", {}, letters.slice(0, at).join(""), mark, letters.slice(at + 1).join("")),
    element("span", {}, t("filter.wrong", { position: at + 1, what })));
}

/** @param {State} state */
function selectMistake(state) {
  if (!filterError(state)) return;
  const start = [...state.query.where].slice(0, positionOf(state)).join("").length;
  showFilters();
  $("expert", HTMLDetailsElement).open = true;
  where.focus();
  where.setSelectionRange(start, start + 1);
}

export function mountFilterForm() {
  $("filter").addEventListener("submit", (event) => {
    event.preventDefault();
    go({ ...shownQuery(store.state), where: where.value.trim(), without: without.value.trim() });
  });
  where.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    $("filter", HTMLFormElement).requestSubmit();
  });
  store.watch(({ query }) => [query], showQuery);
  store.watch((state) => [state.language, filterError(state), state.query.where], showError);
  store.watch((state) => [filterError(state)], selectMistake);
}
