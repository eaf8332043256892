// The search box: words, the photos beside them, and starting a search.

import { $, button, element, icon } from "../browser/dom.js";
import { t } from "../browser/i18n.js";
import { announce } from "../browser/live.js";
import { go } from "../state/navigation.js";
import { MAX_PHOTOS, without } from "../state/query.js";
import { store } from "../state/store.js";
import { choosePhotos } from "./photo-input.js";
import { suggestFor } from "./suggestions.js";

/** @import { Photo } from "../types" */

const words = $("words", HTMLInputElement);

/**
 * Searches for words, with the photos that are there.
 *
 * @param {string} text
 */
function searchWords(text) {
  const { query } = store.state;
  // What was said about other words means nothing for these.
  const reset = { dismissed: [], required: [], literal: false, liked: [], disliked: [] };
  go({ ...query, text, ...(text === query.text ? {} : reset) });
}

/** @param {Photo} photo */
function removePhoto(photo) {
  const { query } = store.state;
  go({ ...query, text: words.value.trim(), photos: without(query.photos, photo) });
  words.focus();
}

/** @param {Photo} photo */
const thumbnail = (photo) =>
  element("li", {},
    element("img", { src: photo.url, alt: t("photo.yours") }),
    button({ ariaLabel: t("photo.remove"), title: t("photo.remove") }, () => removePhoto(photo), icon("close")));

function addButton() {
  const properties = { className: "add", ariaLabel: t("photo.add"), title: t("photo.add") };
  return element("li", {}, button(properties, () => choosePhotos({ add: true }), icon("plus")));
}

export function mountSearchBox() {
  $("search").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = words.value.trim();
    if (text || store.state.query.photos.length) {
      words.blur();
      searchWords(text);
    } else {
      announce(t("query.empty"));
      words.placeholder = t("query.empty");
      words.focus();
    }
  });
  suggestFor(words, (text) => {
    words.value = text;
    words.blur();
    searchWords(text);
  });
  store.watch(({ query }) => [query], ({ query: { text } }) => {
    words.value = text;
  });
  store.watch(({ language, query }) => [language, query.photos], ({ query: { photos } }) => {
    const hasRoom = photos.length < MAX_PHOTOS;
    $("photos").replaceChildren(...photos.map(thumbnail), ...(hasRoom ? [addButton()] : []));
    $("photos").hidden = !photos.length;
    words.placeholder = t(photos.length ? "words.placeholder.photo" : "words.placeholder");
  });
}
