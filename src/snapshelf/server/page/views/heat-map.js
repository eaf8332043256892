// Which parts of the photos make a product fit a search.

import * as api from "../api/endpoints.js";
import { element } from "../browser/dom.js";
import { t } from "../browser/i18n.js";
import { contextOf } from "../browser/images.js";
import { store } from "../state/store.js";

/** @import { Hit, Query } from "../types" */

const COLOUR = [226, 74, 20];
const OPACITY = 215; // of 255
const CONTRAST = 1.4;

/** Weights as a picture, from see-through to the accent. @param {number[][]} grid */
function painted(grid) {
  const canvas = element("canvas", { width: grid[0].length, height: grid.length, ariaHidden: "true" });
  const context = contextOf(canvas);
  const image = context.createImageData(canvas.width, canvas.height);
  for (const [at, weight] of grid.flat().entries()) {
    image.data.set([...COLOUR, Math.round(OPACITY * weight ** CONTRAST)], 4 * at);
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/**
 * Shows the photos of the query and of the product, and draws over them as soon as the server answers.
 *
 * @param {HTMLElement} place
 * @param {Hit} hit
 * @param {Query} query
 */
export async function showHeatMaps(place, hit, query) {
  const { shopper } = store.state;
  /** @param {"query" | "product"} side @param {string} source @param {string} caption */
  const figureOf = (side, source, caption) => {
    const frame = element("span", { className: "mapped" }, element("img", { src: source, alt: caption }));
    const draw = async () => frame.append(painted(await api.heatMap(query, shopper, hit.product.id, side)));
    return { figure: element("figure", {}, frame, element("figcaption", {}, caption)), draw };
  };
  const figures = [figureOf("product", hit.photo, t("map.product"))];
  if (query.photos.length === 1) figures.unshift(figureOf("query", query.photos[0].url, t("map.query")));
  place.setAttribute("aria-busy", "true");
  place.replaceChildren(
    element("p", {}, t("map.title")),
    element("div", { className: "pair" }, ...figures.map(({ figure }) => figure)));
  const outcomes = await Promise.allSettled(figures.map(({ draw }) => draw()));
  place.removeAttribute("aria-busy");
  if (outcomes.some(({ status }) => status === "rejected")) {
    place.append(element("p", { className: "quietly" }, t("map.failed")));
  }
}
