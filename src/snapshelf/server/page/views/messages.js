// What the shopper should know before the hits: corrections, notes, and where a rule of the shop leads.

import { $, button, element } from "../browser/dom.js";
import { counted, known, t } from "../browser/i18n.js";
import { go } from "../state/navigation.js";
import { hasIntent } from "../state/query.js";
import { shownAnswer, shownQuery } from "../state/shown.js";
import { store } from "../state/store.js";

/** @import { Query, State } from "../types" */

/** @param {string} text @param {Query} query */
const link = (text, query) => button({ className: "link" }, () => go(query), text);

/** @param {State} state */
function messagesFor(state) {
  const query = shownQuery(state);
  const answer = shownAnswer(state);
  /** @type {(string | Node)[][]} */
  const messages = [];
  if (state.lostPhotos && hasIntent(query)) messages.push([counted("photo.lost", state.lostPhotos)]);
  if (answer?.searchedAs) {
    const asTyped = link(t("message.instead", { text: query.text }), { ...query, literal: true });
    messages.push([t("message.searched"), element("b", {}, answer.searchedAs), asTyped]);
  }
  if (answer?.didYouMean) {
    const corrected = { ...query, text: answer.didYouMean, dismissed: [], required: [] };
    messages.push([t("message.meant"), link(answer.didYouMean, corrected)]);
  }
  if (query.literal) messages.push([t("message.literal"), link(t("message.understand"), { ...query, literal: false })]);
  // A rule may hold anything; only a web address or a path may become a link.
  if (answer?.redirect && /^(https?:\/\/|\/)/i.test(answer.redirect)) {
    const anchor = element("a", { href: answer.redirect, rel: "noopener noreferrer" }, answer.redirect);
    messages.push([t("message.redirect"), anchor]);
  }
  for (const { kind, text, values } of answer?.notes ?? []) {
    // The notice says that nothing matches.
    if (kind !== "nothing-matches") messages.push([known(`note.${kind}`) ? t(`note.${kind}`, values) : text]);
  }
  return messages;
}

export function mountMessages() {
  store.watch(
    (state) => [state.language, shownQuery(state), shownAnswer(state), state.lostPhotos],
    (state) => $("messages").replaceChildren(...messagesFor(state).map((parts) => element("p", {}, ...parts))));
}
