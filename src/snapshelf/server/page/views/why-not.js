// Why a product is not among the hits.

import { asApiError } from "../api/client.js";
import * as api from "../api/endpoints.js";
import { $, element } from "../browser/dom.js";
import { listed, number, t } from "../browser/i18n.js";
import { shownAnswer, shownQuery } from "../state/shown.js";
import { store } from "../state/store.js";
import { SCORE_FORMAT, scoreBars } from "./explanation.js";

/** @import { WhyNot } from "../types" */

/** @param {WhyNot} reason */
function reasonElements({ kind, rank, score, contributions, lowestShownScore, failing, representedBy }) {
  const values = { rank: rank === null ? "" : number(rank), failing: listed(failing), instead: representedBy ?? "" };
  /** @type {HTMLElement[]} */
  const elements = [element("p", {}, t(`whynot.reason.${kind}`, values))];
  if (score !== null) elements.push(scoreBars(contributions, score));
  if (lowestShownScore !== null) {
    const lowest = t("whynot.lowest", { score: number(lowestShownScore, SCORE_FORMAT) });
    elements.push(element("p", { className: "quietly" }, lowest));
  }
  return elements;
}

async function explain() {
  const place = $("why-not-answer");
  place.replaceChildren(element("p", {}, t("results.loading")));
  const id = $("why-not-id", HTMLInputElement).value.trim();
  try {
    place.replaceChildren(...reasonElements(await api.whyNot(shownQuery(store.state), store.state.shopper, id)));
  } catch (error) {
    const isUnknown = asApiError(error).kind === "not-found";
    place.replaceChildren(element("p", {}, t(isUnknown ? "whynot.unknown" : "error.other")));
  }
}

export function mountWhyNot() {
  $("why-not-form").addEventListener("submit", (event) => {
    event.preventDefault();
    explain();
  });
  // What was explained was about other hits.
  store.watch((state) => [state.language, shownAnswer(state)], (state) => {
    $("why-not").hidden = !shownAnswer(state);
    $("why-not-answer").replaceChildren();
  });
}
