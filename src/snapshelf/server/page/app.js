// The page: one query, one shelf of results, and an address that leads back to them.

import * as api from "./api.js";
import { counted, currentLanguage, number, own, showLanguage, t, useLanguage } from "./i18n.js";
import { hasLiveCamera, imageIn, shrink, takePhoto } from "./photos.js";
import { card, details, showWhy, skeletons } from "./shelf.js";

const SKELETONS = 12;
const $ = (id) => document.getElementById(id);

// query: { text, photo, similar }; photo is { blob, url, key }, similar the id of a product.
const nothing = Object.freeze({ text: "", photo: null, similar: null });
let query = nothing;
let answer = null;
let similarTo = null;
let failure = null;
let stats = null;
let examples = [];
let searching = null;
let opened = null;

// Photos of this visit by number: an address cannot hold a photo, but the history can hold its number.
const photos = new Map();

function remember(blob) {
  const photo = { blob, url: URL.createObjectURL(blob), key: photos.size + 1 };
  photos.set(photo.key, photo);
  return photo;
}

// ---- showing ----

function show() {
  const atHome = !answer && !failure && !searching;
  document.body.dataset.view = atHome ? "home" : "results";
  $("results").hidden = atHome;
  $("examples").hidden = !atHome || !examples.length;
  showQuery();
  showNumbers();
  if (atHome) {
    document.title = "Snapshelf";
    showExamples();
  } else {
    showHeading();
    showGrid();
  }
}

function showQuery() {
  $("chip").hidden = !query.photo;
  if (query.photo) {
    $("chip-photo").src = query.photo.url;
    $("chip-photo").alt = t("photo.yours");
  }
  $("words").placeholder = t(query.photo ? "words.placeholder.photo" : "words.placeholder");
}

function showNumbers() {
  if (!stats) return;
  const products = number(stats.products);
  $("intro-text").textContent = t("intro.text", { products });
  $("stats").textContent = t("footer.stats", { products, photos: number(stats.photos), encoder: stats.encoder });
}

function heading() {
  if (query.similar) return t("results.similar", { title: similarTo ? own(similarTo, "title") : query.similar });
  if (query.photo) return t(query.text ? "results.both" : "results.photo", query);
  return query.text && t("results.words", query);
}

function showHeading() {
  $("results-title").textContent = heading();
  document.title = [heading(), "Snapshelf"].filter(Boolean).join(" · ");
  $("results-meta").replaceChildren();
  if (!answer?.hits.length) return;
  const rounded = (value) => number(value, { maximumFractionDigits: value < 10 ? 1 : 0 });
  const timings = answer.timings_ms;
  const total = Object.values(timings).reduce((sum, value) => sum + value, 0);
  const stages = ["decode", "encode", "recall", "rank"].filter((name) => timings[name] >= 0.05);
  const part = (text, className = "") => Object.assign(document.createElement("span"), { textContent: text, className });
  $("results-meta").append(
    part(counted("results.count", answer.hits.length)),
    part(t("results.time", { time: rounded(total) })),
    part(stages.map((name) => `${t(`stage.${name}`)} ${rounded(timings[name])}`).join(t("list.comma")), "stages"),
  );
}

function showGrid() {
  $("results").setAttribute("aria-busy", String(Boolean(searching)));
  if (searching) {
    $("notice").hidden = true;
    $("grid").replaceChildren(...skeletons(SKELETONS));
    return;
  }
  const actions = { onOpen: openDrawer, onSimilar: (product) => go({ ...nothing, similar: product.id }) };
  $("grid").replaceChildren(...(answer?.hits ?? []).map((hit) => card(hit, actions)));
  const notice = noticeNow();
  $("notice").hidden = !notice;
  if (notice) [$("notice-title").textContent, $("notice-text").textContent] = notice;
}

function noticeNow() {
  if (failure) {
    const key = ["photo", "not-photo", "body-too-large", "not-found", "network"].includes(failure.kind) ? failure.kind : "other";
    return [t("error.title"), t(`error.${key}`)];
  }
  if (answer.hits.length) return null;
  return stats?.products === 0
    ? [t("shelf.empty.title"), t("shelf.empty.text")]
    : [t("empty.title"), t("empty.text")];
}

const announce = (text) => ($("live").textContent = text);

function showExamples() {
  const label = (example) => (currentLanguage() === "zh" ? example.label_zh : example.label_en);
  const button = (example, ...children) => {
    const made = Object.assign(document.createElement("button"), { type: "button" });
    made.append(...children, Object.assign(document.createElement("span"), { textContent: label(example) }));
    made.addEventListener("click", () => tryExample(example));
    const item = document.createElement("li");
    item.append(made);
    return item;
  };
  const picture = (example) => {
    const frame = Object.assign(document.createElement("span"), { className: "frame" });
    frame.append(Object.assign(document.createElement("img"), { src: example.photo, alt: "" }));
    return frame;
  };
  $("example-photos").replaceChildren(...examples.filter((e) => e.photo).map((e) => button(e, picture(e))));
  $("example-words").replaceChildren(...examples.filter((e) => !e.photo).map((e) => button(e)));
}

// ---- searching ----

function address({ text, similar }) {
  const parameters = new URLSearchParams();
  if (text) parameters.set("q", text);
  if (similar) parameters.set("similar", similar);
  return parameters.size ? `?${parameters}` : location.pathname;
}

// A new query: into the history, then searched.
function go(next) {
  $("drawer").close();
  history.pushState({ photo: next.photo?.key }, "", address(next));
  window.scrollTo({ top: 0 });
  return run(next);
}

async function run(next) {
  query = next;
  $("words").value = query.text;
  searching?.abort();
  searching = null;
  answer = failure = similarTo = null;
  if (!query.text && !query.photo && !query.similar) return show();

  const mine = (searching = new AbortController());
  show();
  announce(t("results.loading"));
  try {
    if (query.similar) {
      const both = [api.similar(query.similar, mine.signal), api.product(query.similar, mine.signal)];
      [answer, similarTo] = await Promise.all(both);
    } else {
      answer = await api.search({ photo: query.photo?.blob, text: query.text }, mine.signal);
    }
  } catch (error) {
    if (error.name === "AbortError") return;
    failure = error;
  }
  if (searching !== mine) return;
  searching = null;
  show();
  announce(failure || !answer.hits.length ? noticeNow().join(". ") : counted("results.count", answer.hits.length));
}

function fail(error) {
  searching?.abort();
  searching = answer = null;
  failure = error;
  show();
  announce(noticeNow().join(". "));
}

async function addPhoto(file) {
  if (!file) return fail(new api.ApiError("not-photo", ""));
  const photo = remember(await shrink(file));
  announce(t("photo.added"));
  return go({ text: $("words").value.trim(), photo, similar: null });
}

async function tryExample(example) {
  try {
    const photo = example.photo ? remember(await api.blob(example.photo)) : null;
    go({ text: example.text ?? "", photo, similar: null });
  } catch (error) {
    fail(error);
  }
}

function restore() {
  const parameters = new URLSearchParams(location.search);
  run({
    text: parameters.get("q") ?? "",
    similar: parameters.get("similar"),
    photo: photos.get(history.state?.photo) ?? null,
  });
}

// ---- the drawer ----

function openDrawer(hit) {
  $("drawer-content").replaceChildren(...details(hit, { onSimilar: (product) => go({ ...nothing, similar: product.id }) }));
  opened = hit;
  $("drawer").showModal();
  $("drawer").scrollTop = 0;
}

// ---- wiring ----

$("search").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("words").value.trim();
  if (!text && !query.photo) {
    announce(t("query.empty"));
    $("words").placeholder = t("query.empty");
    return $("words").focus();
  }
  $("words").blur();
  go({ text, photo: query.photo, similar: null });
});

$("chip-remove").addEventListener("click", () => {
  go({ text: $("words").value.trim(), photo: null, similar: null });
  $("words").focus();
});

for (const input of [$("file"), $("capture")]) {
  input.addEventListener("change", () => {
    if (input.files.length) addPhoto(imageIn(input));
    input.value = "";
  });
}
$("choose").addEventListener("click", () => $("file").click());
$("take").hidden = !hasLiveCamera() && !matchMedia("(pointer: coarse)").matches;
$("take").addEventListener("click", async () => {
  if (!hasLiveCamera()) return $("capture").click(); // as on phones that reach this page without https
  const photo = await takePhoto($("camera"));
  if (photo) addPhoto(photo);
});

document.addEventListener("paste", (event) => {
  const image = imageIn(event.clipboardData);
  if (image === null) return;
  event.preventDefault();
  addPhoto(image);
});

const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
const overlay = (on) => $("drop").classList.toggle("shown", on);
document.addEventListener("dragover", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  overlay(true);
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) overlay(false);
});
document.addEventListener("drop", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  overlay(false);
  addPhoto(imageIn(event.dataTransfer));
});

for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("click", (event) => {
    const onBackdrop = event.target === dialog;
    if (onBackdrop || event.target.closest("[data-close]")) dialog.close();
  });
}

document.querySelector(".brand").addEventListener("click", (event) => {
  if (event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  go(nothing);
  $("words").focus();
});

for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => {
    useLanguage(button.dataset.language);
    show();
    if ($("drawer").open) {
      $("drawer").close();
      openDrawer(opened);
    }
  });
}

function closeWhy() {
  const open = $("grid").querySelectorAll('.because[aria-expanded="true"]');
  for (const because of open) showWhy(because.closest(".card"), null, false);
  return open.length > 0;
}

// Where an arrow key leads from a card: the neighbour in its row, or the card above or below.
function neighbour(cards, index, key) {
  const columns = cards.filter((other) => other.offsetTop === cards[0].offsetTop).length;
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[key];
  if (key === "Home") return cards[0];
  if (key === "End") return cards.at(-1);
  return cards[index + step];
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const typing = event.target.matches("input, textarea");
  const cards = [...$("grid").querySelectorAll(".card:not(.skeleton)")];
  if (event.key === "/" && !typing) {
    event.preventDefault();
    $("words").select();
    $("words").focus();
  } else if (event.key === "Escape") {
    if (!closeWhy() && typing) event.target.blur();
  } else if (event.key === "ArrowDown" && event.target === $("words") && cards.length) {
    event.preventDefault();
    cards[0].querySelector(".open").focus();
  } else if (/^(Arrow|Home|End)/.test(event.key) && event.target.closest(".card")) {
    event.preventDefault();
    const index = cards.indexOf(event.target.closest(".card"));
    const target = neighbour(cards, index, event.key);
    if (target) target.querySelector(".open").focus();
    else if (event.key === "ArrowUp") $("words").focus();
  }
});

window.addEventListener("popstate", restore);

showLanguage();
restore();
[stats, examples] = await Promise.all([api.stats(), api.examples()].map((asked) => asked.catch(() => null)));
examples ??= [];
if (answer?.hits.length) showNumbers();
else show();
