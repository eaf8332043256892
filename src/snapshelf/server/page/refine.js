// Narrowing down: what was understood and chosen as removable chips, facets with counts, the slider, sorting.

import { $, button, element, icon } from "./dom.js";
import { currentLanguage, fieldName, money, number, t, valueName } from "./i18n.js";
import { photoOf } from "./api.js";
import { withChoice, without } from "./query.js";

const SHOWN = 6;
const SEARCHABLE = 12;
const BARS = 20;
const NEARLY_ALL = 0.98;

const SWATCHES = {
  black: "#1d1c1b", white: "#ffffff", grey: "#8d8d8d", gray: "#8d8d8d", silver: "linear-gradient(135deg, #f2f2f2, #a9adb1)",
  red: "#c8312f", maroon: "#6d1f2a", burgundy: "#6b1730", pink: "#efa0b5", rose: "#e3899b", magenta: "#c2307f", peach: "#f6c3a0",
  orange: "#e8782a", rust: "#a8481f", coral: "#ef7a63", yellow: "#f0c92f", mustard: "#cf9a20", gold: "linear-gradient(135deg, #f3dc8f, #b98f2f)",
  green: "#3c8b4d", "lime green": "#a5cc3c", "sea green": "#2f9a80", "fluorescent green": "#7dfa3a", olive: "#75743a", khaki: "#b4a674",
  "olive green": "#6f7040", teal: "#1f7f80", turquoise: "#38b9b3", "turquoise blue": "#38b0c4", blue: "#2f62b5", "navy blue": "#1e2b50", navy: "#1e2b50",
  "light blue": "#9fc6e8", "sky blue": "#8cc6ee", purple: "#6d3f99", lavender: "#b9a3da", mauve: "#b08aa9", violet: "#6a4bb0", brown: "#724a2d", tan: "#c59a6b",
  "coffee brown": "#4d3324", "mushroom brown": "#a08d7c", beige: "#e2d3b5", cream: "#f5ecd2", "off white": "#f6f2e6", ivory: "#f8f4e3",
  nude: "#e0b89c", skin: "#e6bfa2", taupe: "#8f8175", charcoal: "#3f4244", bronze: "linear-gradient(135deg, #c79457, #7b4f22)",
  copper: "linear-gradient(135deg, #d99a6c, #97542e)", metallic: "linear-gradient(135deg, #e4e4e6, #8e9298)", steel: "linear-gradient(135deg, #c8cdd1, #7c848b)",
  multi: "conic-gradient(#d8403a, #efc133, #47a05a, #3b72c4, #9253a8, #d8403a)",
  multicolour: "conic-gradient(#d8403a, #efc133, #47a05a, #3b72c4, #9253a8, #d8403a)",
};

const isColour = (field) => /colou?r$/i.test(field);

function swatch({ value, labels }) {
  const names = [labels?.en, value].map((name) => String(name ?? "").toLowerCase());
  const paint = names.map((name) => SWATCHES[name]).find(Boolean);
  const made = element("span", { className: "swatch", ariaHidden: "true" });
  if (paint) made.style.background = paint;
  else made.classList.add("unknown");
  return made;
}

const amount = (field, value, currency) =>
  field === "price" && currency ? money({ amount: value, currency }) : number(value, { useGrouping: field === "price" });

function rangeName(field, { low: least, high: most }, currency) {
  const [low, high] = [least, most].map((value) => value !== null && amount(field, value, currency));
  if (least === null) return t("range.upto", { high });
  if (most === null) return t("range.from", { low });
  return t("range.between", { low, high });
}

// ---- chips ----

function chip(label, { kind = "", title = "", picture = null, removed, onRemove, onOnly }) {
  const cross = button({ className: "remove", ariaLabel: t(removed ? "chip.restore" : "chip.remove", { label }) }, onRemove,
    icon(removed ? "plus" : "close"));
  const what = onOnly
    ? button({ className: "what", ariaPressed: String(kind === "read only") }, onOnly, label)
    : element("span", { className: "what" }, label);
  return element("span", { className: `tag ${kind}`.trim(), title }, picture, what, cross);
}

// onQuery is called with the query without the chip.
export function chips(query, answer, { currency, onQuery, onClear }) {
  const made = [];
  for (const [kind, list] of [["like", query.liked], ["unlike", query.disliked]]) {
    for (const id of list) {
      const picture = element("img", { src: photoOf(id), alt: "" });
      const field = kind === "like" ? "liked" : "disliked";
      made.push(chip(t(`chip.${kind}`), { kind, picture, title: id, onRemove: () => onQuery({ ...query, [field]: without(query[field], id) }) }));
    }
  }
  if (query.without) {
    made.push(chip(t("chip.without", { text: query.without }), { kind: "unlike", onRemove: () => onQuery({ ...query, without: "" }) }));
  }
  for (const read of answer?.chips ?? []) {
    const label = read.labels[currentLanguage()] ?? read.text;
    const isOnly = query.only.includes(read.where);
    const others = without(query.only, read.where);
    const kind = read.hard ? "read" : isOnly ? "read only" : "read soft";
    made.push(chip(label, {
      kind,
      title: t(read.hard || isOnly ? "chip.hard" : "chip.soft", { words: read.text }),
      onOnly: read.hard ? null : () => onQuery({ ...query, only: isOnly ? others : [...others, read.where] }),
      onRemove: () => onQuery({ ...query, only: others, drop: [...query.drop, read.where] }),
    }));
  }
  for (const fact of query.drop) {
    made.push(chip(fact, { kind: "dropped", removed: true, onRemove: () => onQuery({ ...query, drop: without(query.drop, fact) }) }));
  }
  for (const [field, chosen] of Object.entries(query.choices)) {
    const facet = answer?.facets.find((one) => one.field === field);
    const about = (label) => t("chip.choice", { field: fieldName(field), value: label });
    if (Array.isArray(chosen)) {
      for (const value of chosen) {
        const named = facet?.values.find((one) => String(one.value) === String(value)) ?? { value };
        const onRemove = () => onQuery(withChoice(query, field, without(chosen, value)));
        made.push(chip(about(valueName(field, named)), { kind: "choice", onRemove }));
      }
    } else {
      made.push(chip(about(rangeName(field, chosen, currency)), { kind: "choice", onRemove: () => onQuery(withChoice(query, field, null)) }));
    }
  }
  if (query.where) {
    made.push(chip(query.where, { kind: "choice code", onRemove: () => onQuery({ ...query, where: "" }) }));
  }
  if (made.length > 1) made.push(button({ className: "clear" }, onClear, t("chip.clear")));
  return made;
}

// ---- facets ----

const opened = new Map(); // field → whether its facet is open
const expanded = new Set(); // fields of which all values are shown
const sought = new Map(); // field → what was typed to find a value

function section(facet, chosen, index, ...content) {
  const name = element("span", {}, fieldName(facet.field));
  const summary = element("summary", {}, name);
  if (chosen) summary.append(element("span", { className: "count" }, String(chosen)));
  const made = element("details", { className: "facet", open: opened.get(facet.field) ?? (index < SHOWN || chosen > 0) }, summary, ...content);
  made.dataset.field = facet.field;
  made.addEventListener("toggle", () => opened.set(facet.field, made.open));
  return made;
}

function valueFacet(facet, index, query, onQuery) {
  const { field } = facet;
  const chosen = (query.choices[field] ?? []).map(String);
  const isChosen = (one) => chosen.includes(String(one.value));
  const list = element("ul", { className: isColour(field) ? "values colours" : "values" });
  const rest = facet.values.length - SHOWN;

  function row(one) {
    const box = element("input", { type: "checkbox", checked: isChosen(one) });
    box.dataset.key = `${field}=${one.value}`;
    box.addEventListener("change", () => {
      const value = String(one.value);
      onQuery(withChoice(query, field, box.checked ? [...chosen, value] : without(chosen, value)));
    });
    const count = element("span", { className: "number" }, number(one.count));
    const name = element("span", { className: "name" }, valueName(field, one));
    return element("li", { className: one.count ? "" : "none" },
      element("label", {}, box, isColour(field) ? swatch(one) : null, name, count));
  }

  function fill() {
    const typed = (sought.get(field) ?? "").trim().toLowerCase();
    const fits = (one) => valueName(field, one).toLowerCase().includes(typed) || String(one.value).toLowerCase().includes(typed);
    const all = expanded.has(field);
    const shown = facet.values.filter((one, at) => isChosen(one) || (all ? !typed || fits(one) : at < SHOWN));
    list.replaceChildren(...shown.map(row));
    list.classList.toggle("long", all);
  }

  const content = [list];
  if (rest > 0) {
    const find = element("input", { type: "search", className: "find", value: sought.get(field) ?? "", placeholder: t("facet.find"), ariaLabel: t("facet.find") });
    find.dataset.key = `${field}?`;
    find.addEventListener("input", () => {
      sought.set(field, find.value);
      fill();
    });
    const label = () => (expanded.has(field) ? t("facet.fewer") : t("facet.all", { count: number(facet.total_values) }));
    const showFind = () => (find.hidden = !expanded.has(field) || facet.values.length < SEARCHABLE);
    const toggle = button({ className: "link" }, () => {
      if (!expanded.delete(field)) expanded.add(field);
      sought.delete(field);
      find.value = "";
      toggle.textContent = label();
      toggle.setAttribute("aria-expanded", String(expanded.has(field)));
      showFind();
      fill();
    }, label());
    toggle.dataset.key = `${field}+`;
    toggle.setAttribute("aria-expanded", String(expanded.has(field)));
    showFind();
    content.unshift(find);
    content.push(toggle);
  }
  fill();
  return section(facet, chosen.length, index, ...content);
}

// Few products are dear, so bars of equal width would leave most of a slider to them: what is beyond nearly all
// products shares the last bar.
function barsOf({ edges, counts }) {
  const all = counts.reduce((sum, count) => sum + count, 0);
  let seen = 0;
  const most = counts.findIndex((count) => (seen += count) >= NEARLY_ALL * all) + 1;
  const step = Math.ceil(most / BARS);
  const merged = { edges: [edges[0]], counts: [] };
  for (let at = 0; at < most; at += step) {
    const end = at + step < most ? at + step : counts.length;
    merged.counts.push(counts.slice(at, end).reduce((sum, count) => sum + count, 0));
    merged.edges.push(edges[end]);
  }
  return merged;
}

// A slider of two thumbs on the histogram's edges, and the two ends as numbers for those who know them.
function rangeFacet(facet, index, query, currency, onQuery) {
  const { field } = facet;
  const { edges, counts } = barsOf(facet);
  const bins = counts.length;
  const chosen = query.choices[field] ?? { low: null, high: null };
  const whole = edges[1] - edges[0] > 1;
  const tidy = (value, round) => (whole ? Math[round](value) : Number(value.toPrecision(4)));
  const place = (value, otherwise) => {
    if (value === null) return otherwise;
    const at = edges.findIndex((edge) => edge >= value);
    return at < 0 ? bins : at;
  };
  const most = Math.max(...counts, 1);
  const bars = counts.map((count) => {
    const bar = element("span", {});
    bar.style.height = count ? `${Math.max(6, (100 * count) / most)}%` : "0";
    return bar;
  });

  const name = fieldName(field);
  const slider = (end, value) => {
    const made = element("input", { type: "range", min: "0", max: String(bins), step: "1", value: String(value), className: end, ariaLabel: t(`range.${end}`, { name }) });
    made.dataset.key = `${field}:${end}`;
    return made;
  };
  const low = slider("low", place(chosen.low, 0));
  const high = slider("high", place(chosen.high, bins));
  const entry = (end, value, limit) => {
    const made = element("input", { type: "number", step: "any", inputMode: "decimal", value: value ?? "", placeholder: String(limit), ariaLabel: t(`range.${end}`, { name }) });
    made.dataset.key = `${field}#${end}`;
    return made;
  };
  const from = entry("low", chosen.low, tidy(edges[0], "floor"));
  const to = entry("high", chosen.high, tidy(edges[bins], "ceil"));

  const ends = () => [Number(low.value), Number(high.value)];
  function paint() {
    const [first, last] = ends();
    bars.forEach((bar, at) => bar.classList.toggle("out", at < first || at >= last));
    track.style.setProperty("--low", `${(100 * first) / bins}%`);
    track.style.setProperty("--high", `${(100 * last) / bins}%`);
    const said = (at, round) => amount(field, tidy(edges[at], round), currency);
    low.setAttribute("aria-valuetext", said(first, "floor"));
    high.setAttribute("aria-valuetext", said(last, "ceil"));
  }
  const choose = (range) => onQuery(withChoice(query, field, range));
  for (const thumb of [low, high]) {
    thumb.addEventListener("input", () => {
      const [first, last] = ends();
      if (first >= last) thumb.value = String(thumb === low ? last - 1 : first + 1);
      const [at, until] = ends();
      from.value = at === 0 ? "" : tidy(edges[at], "floor");
      to.value = until === bins ? "" : tidy(edges[until], "ceil");
      paint();
    });
    thumb.addEventListener("change", () => {
      const [first, last] = ends();
      choose({ low: first === 0 ? null : tidy(edges[first], "floor"), high: last === bins ? null : tidy(edges[last], "ceil") });
    });
  }
  for (const box of [from, to]) {
    box.addEventListener("change", () => {
      const [one, other] = [from, to].map(({ value }) => (value === "" ? null : Number(value)));
      const turned = one !== null && other !== null && one > other;
      choose(turned ? { low: other, high: one } : { low: one, high: other });
    });
  }
  const track = element("div", { className: "thumbs" }, low, high);
  paint();
  return section(facet, chosen.low !== null || chosen.high !== null ? 1 : 0, index,
    element("div", { className: "range" },
      element("div", { className: "bars", ariaHidden: "true" }, ...bars), track,
      element("div", { className: "ends" }, from, element("span", { ariaHidden: "true" }, "–"), to)));
}

const isWorthShowing = (facet, query) => {
  if (query.choices[facet.field]) return true;
  if (facet.kind === "numbers") return facet.counts.length > 1 && facet.edges.at(-1) > facet.edges[0];
  return facet.values.length > 1;
};

// Exchanges the facets for those of a new answer, the focus and the places of scrolling kept.
export function showFacets(answer, query, { currency, onQuery }) {
  const panel = $("facets");
  const key = document.activeElement?.dataset?.key;
  const scrolled = new Map([...panel.querySelectorAll(".values.long")].map((list) => [list.closest(".facet").dataset.field, list.scrollTop]));
  const facets = (answer?.facets ?? []).filter((facet) => isWorthShowing(facet, query));
  panel.replaceChildren(...facets.map((facet, index) =>
    facet.kind === "numbers" ? rangeFacet(facet, index, query, currency, onQuery) : valueFacet(facet, index, query, onQuery)));
  for (const list of panel.querySelectorAll(".values.long")) list.scrollTop = scrolled.get(list.closest(".facet").dataset.field) ?? 0;
  if (key) panel.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
  return facets.length;
}

// ---- sorting ----

export function showSorts(sorts, query) {
  const options = ["", ...sorts].map((sort) => element("option", { value: sort, selected: sort === query.sort }, t(`sort.${sort || "relevance"}`)));
  $("sort").replaceChildren(...options);
  $("sort-label").hidden = !sorts.length;
}
