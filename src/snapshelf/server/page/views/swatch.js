// Colours beside their names.

import { element } from "../browser/dom.js";

/** @import { FacetValue } from "../types" */

/** CSS backgrounds by English name of a colour. @type {Record<string, string>} */
const SWATCHES = {
  black: "#1d1c1b",
  white: "#ffffff",
  grey: "#8d8d8d",
  gray: "#8d8d8d",
  silver: "linear-gradient(135deg, #f2f2f2, #a9adb1)",
  red: "#c8312f",
  maroon: "#6d1f2a",
  burgundy: "#6b1730",
  pink: "#efa0b5",
  rose: "#e3899b",
  magenta: "#c2307f",
  peach: "#f6c3a0",
  orange: "#e8782a",
  rust: "#a8481f",
  coral: "#ef7a63",
  yellow: "#f0c92f",
  mustard: "#cf9a20",
  gold: "linear-gradient(135deg, #f3dc8f, #b98f2f)",
  green: "#3c8b4d",
  "lime green": "#a5cc3c",
  "sea green": "#2f9a80",
  "fluorescent green": "#7dfa3a",
  olive: "#75743a",
  khaki: "#b4a674",
  "olive green": "#6f7040",
  teal: "#1f7f80",
  turquoise: "#38b9b3",
  "turquoise blue": "#38b0c4",
  blue: "#2f62b5",
  "navy blue": "#1e2b50",
  navy: "#1e2b50",
  "light blue": "#9fc6e8",
  "sky blue": "#8cc6ee",
  purple: "#6d3f99",
  lavender: "#b9a3da",
  mauve: "#b08aa9",
  violet: "#6a4bb0",
  brown: "#724a2d",
  tan: "#c59a6b",
  "coffee brown": "#4d3324",
  "mushroom brown": "#a08d7c",
  beige: "#e2d3b5",
  cream: "#f5ecd2",
  "off white": "#f6f2e6",
  ivory: "#f8f4e3",
  nude: "#e0b89c",
  skin: "#e6bfa2",
  taupe: "#8f8175",
  charcoal: "#3f4244",
  bronze: "linear-gradient(135deg, #c79457, #7b4f22)",
  copper: "linear-gradient(135deg, #d99a6c, #97542e)",
  metallic: "linear-gradient(135deg, #e4e4e6, #8e9298)",
  steel: "linear-gradient(135deg, #c8cdd1, #7c848b)",
  multi: "conic-gradient(#d8403a, #efc133, #47a05a, #3b72c4, #9253a8, #d8403a)",
  multicolour: "conic-gradient(#d8403a, #efc133, #47a05a, #3b72c4, #9253a8, #d8403a)",
};

/** @param {string} field */
export const isColour = (field) => /colou?r$/i.test(field);

/** @param {FacetValue} value */
export function swatch({ value, labels }) {
  const names = [labels?.en, value].map((name) => String(name ?? "").toLowerCase());
  const background = names.map((name) => SWATCHES[name]).find(Boolean);
  const circle = element("span", { className: "swatch", ariaHidden: "true" });
  if (background) circle.style.background = background;
  else circle.classList.add("unknown");
  return circle;
}
