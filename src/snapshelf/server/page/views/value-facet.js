// A facet of values: check boxes with counts, of which the most frequent are shown first.

import { button, element } from "../browser/dom.js";
import { number, t, valueName } from "../browser/i18n.js";
import { go } from "../state/navigation.js";
import { isValues, withFacetFilter, without } from "../state/query.js";
import { store } from "../state/store.js";
import { isColour, swatch } from "./swatch.js";

/** @import { Facet, FacetValue, Query } from "../types" */

const SHOWN = 6;
const SEARCHABLE = 12;

/** @param {Facet} facet @param {Query} query */
export function valueFacet(facet, query) {
  const { field, values } = facet;
  const filter = query.facetFilters[field] ?? [];
  const chosen = isValues(filter) ? filter : [];
  /** @param {FacetValue} value */
  const isChosen = ({ value }) => chosen.includes(String(value));
  const list = element("ul", { className: isColour(field) ? "values colours" : "values" });

  /** @param {FacetValue} value */
  function row(value) {
    const box = element("input", { type: "checkbox", checked: isChosen(value) });
    box.dataset.key = `${field}=${value.value}`;
    box.addEventListener("change", () => {
      const text = String(value.value);
      go(withFacetFilter(query, field, box.checked ? [...chosen, text] : without(chosen, text)));
    });
    const name = element("span", { className: "name" }, valueName(field, value));
    const count = element("span", { className: "number" }, number(value.count));
    return element("li", { className: value.count ? "" : "none" },
      element("label", {}, box, isColour(field) ? swatch(value) : null, name, count));
  }

  function showRows() {
    const typed = (store.state.facets.typed[field] ?? "").trim().toLowerCase();
    const isExpanded = Boolean(store.state.facets.expanded[field]);
    /** @param {FacetValue} value */
    const namesOf = (value) => [valueName(field, value), String(value.value)].map((name) => name.toLowerCase());
    /** @param {FacetValue} value */
    const matches = (value) => namesOf(value).some((name) => name.includes(typed));
    const shown = values.filter((value, at) => isChosen(value) || (isExpanded ? matches(value) : at < SHOWN));
    list.replaceChildren(...shown.map(row));
    list.classList.toggle("long", isExpanded);
  }

  showRows();
  if (values.length <= SHOWN) return [list];
  return [finder(facet, showRows), list, expander(facet, showRows)];
}

/** A box to find a value with, where there are many. @param {Facet} facet @param {() => void} showRows */
function finder({ field, values }, showRows) {
  const { typed, expanded } = store.state.facets;
  const texts = { value: typed[field] ?? "", placeholder: t("facet.find"), ariaLabel: t("facet.find") };
  const box = element("input", { type: "search", className: "find", ...texts });
  box.dataset.key = `${field}?`;
  box.hidden = !expanded[field] || values.length < SEARCHABLE;
  box.addEventListener("input", () => {
    store.setFacetTyped(field, box.value);
    showRows();
  });
  return box;
}

/** The button for all values, or fewer. @param {Facet} facet @param {() => void} showRows */
function expander(facet, showRows) {
  const { field, totalValues } = facet;
  function show() {
    const isExpanded = Boolean(store.state.facets.expanded[field]);
    toggle.textContent = isExpanded ? t("facet.fewer") : t("facet.all", { count: number(totalValues) });
    toggle.setAttribute("aria-expanded", String(isExpanded));
  }
  const toggle = button({ className: "link" }, () => {
    store.setFacetExpanded(field, !store.state.facets.expanded[field]);
    show();
    showRows();
    const box = toggle.parentElement?.querySelector(".find");
    if (box) box.replaceWith(finder(facet, showRows));
  });
  toggle.dataset.key = `${field}+`;
  show();
  return toggle;
}
