// What screen readers say.

import { $ } from "./dom.js";

/** @param {string} text */
export function announce(text) {
  $("live").textContent = text;
}
