// Related searches below the hits.

import { $, button, element } from "../browser/dom.js";
import { go } from "../state/navigation.js";
import { nothing } from "../state/query.js";
import { shownAnswer } from "../state/shown.js";
import { store } from "../state/store.js";

/** @param {string} text */
const item = (text) => element("li", {}, button({}, () => go({ ...nothing, text }), text));

export function mountRelated() {
  store.watch((state) => [shownAnswer(state)], (state) => {
    const related = shownAnswer(state)?.related ?? [];
    $("related").hidden = !related.length;
    $("related-list").replaceChildren(...related.map(item));
  });
}
