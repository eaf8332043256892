// The page: one query, one shelf of results, and an address that leads back to them.

import * as api from "./api.js";
import { details, reasonFor } from "./details.js";
import { $, button, element, icon } from "./dom.js";
import { counted, currentLanguage, known, number, own, showLanguage, t, useLanguage } from "./i18n.js";
import { hasLiveCamera, imagesIn, shrink, takePhoto } from "./photos.js";
import { address, fromAddress, isEmpty, nothing, refinements, similarTo, unrefined, without } from "./query.js";
import { fill } from "./rack.js";
import { chips, showFacets, showSorts } from "./refine.js";
import { card, skeletons } from "./shelf.js";
import { shopperName, showShopper, switchShoppers, tell } from "./shopper.js";
import { suggestOn } from "./suggest.js";
import { shopperId } from "./who.js";

const SKELETONS = 12;
const FEW = 8;
const MOST_PHOTOS = 4;
const MOST_FACETS = 20;
const BINS = 100;
const VALUES = 100;

let query = nothing;
let answer = null; // of the first page, with the hits of all pages that were asked for
let failure = null;
let wrongFilter = null;
let showAll = false; // also what is no good match
let liked = null; // the product whose like is sought
let stats = null;
let examples = [];
let searching = null;
let opened = null;

// What may be asked: { facets: [{ field, kind, shown }], sorts: [name] }.
const offered = api.facets().catch(() => ({ facets: [], sorts: [] }));

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
  $("for-you").hidden = !atHome || !stats?.products;
  showQuery();
  showNumbers();
  if (atHome) {
    document.title = "Snapshelf";
    showExamples();
    showForYou();
    return;
  }
  showHeading();
  showTold();
  showChips();
  showRefine();
  showFound();
}

function showQuery() {
  const picture = (photo) => element("li", {},
    element("img", { src: photo.url, alt: t("photo.yours") }),
    button({ ariaLabel: t("photo.remove"), title: t("photo.remove") }, () => removePhoto(photo), icon("close")));
  const more = button({ className: "add", ariaLabel: t("photo.add"), title: t("photo.add") }, () => choosePhotos(true), icon("plus"));
  const room = query.photos.length < MOST_PHOTOS;
  $("photos").replaceChildren(...query.photos.map(picture), ...(room ? [element("li", {}, more)] : []));
  $("photos").hidden = !query.photos.length;
  $("words").placeholder = t(query.photos.length ? "words.placeholder.photo" : "words.placeholder");
}

function showNumbers() {
  if (!stats) return;
  const products = number(stats.products);
  $("intro-text").textContent = t("intro.text", { products });
  $("stats").textContent = t("footer.stats", { products, photos: number(stats.photos), encoder: stats.encoder });
}

function heading() {
  const { text, photos } = query;
  if (similarTo(query)) return t("results.similar", { title: liked ? own(liked, "title") : similarTo(query) });
  if (photos.length) return text ? t("results.both", { text }) : t(photos.length > 1 ? "results.photos" : "results.photo");
  return text ? t("results.words", { text }) : t("results.liked");
}

function showHeading() {
  $("results-title").textContent = heading();
  document.title = `${heading()} · Snapshelf`;
  $("results-meta").replaceChildren();
  if (!answer?.hits.length) return;
  const rounded = (value) => number(value, { maximumFractionDigits: value < 10 ? 1 : 0 });
  const timings = answer.timings_ms;
  const total = Object.values(timings).reduce((sum, value) => sum + value, 0);
  const stages = Object.keys(timings).filter((name) => timings[name] >= 0.05);
  const stage = (name) => `${known(`stage.${name}`) ? t(`stage.${name}`) : name} ${rounded(timings[name])}`;
  $("results-meta").append(
    element("span", {}, counted(answer.total === stats?.products ? "results.best" : "results.count", answer.total)),
    element("span", { title: stages.map(stage).join(t("list.comma")) }, t("results.time", { time: rounded(total) })),
  );
}

// What the shopper should be told before the hits: corrections, notes, where a rule would lead.
function showTold() {
  const told = [];
  const line = (...parts) => told.push(element("p", {}, ...parts));
  const link = (text, next) => button({ className: "link" }, () => go(next), text);
  if (answer?.searched_as) {
    const asGiven = link(t("told.instead", { text: query.text }), { ...query, literal: true });
    line(t("told.searched"), element("b", {}, answer.searched_as), asGiven);
  }
  if (answer?.did_you_mean) {
    line(t("told.meant"), link(answer.did_you_mean, { ...query, text: answer.did_you_mean, drop: [], only: [] }));
  }
  if (query.literal) line(t("told.literal"), link(t("told.understand"), { ...query, literal: false }));
  if (answer?.redirect && /^(https?:\/\/|\/)/i.test(answer.redirect)) {
    line(t("told.redirect"), element("a", { href: answer.redirect, rel: "noopener noreferrer" }, answer.redirect));
  }
  for (const { kind, text, values } of answer?.notes ?? []) {
    if (kind !== "nothing-matches") line(known(`note.${kind}`) ? t(`note.${kind}`, values) : text);
  }
  $("told").replaceChildren(...told);
}

function showChips() {
  const made = chips(query, answer, {
    currency: currency(),
    onQuery: (next) => go(next),
    onClear: () => go({ ...unrefined(query), without: "", ...(similarTo(query) ? {} : { liked: [], disliked: [] }) }),
  });
  $("chips").replaceChildren(...made);
  $("chips").hidden = !made.length;
}

const currency = () => answer?.hits.find((hit) => hit.product.price)?.product.price.currency ?? null;

async function showRefine() {
  const { sorts } = await offered;
  showSorts(sorts, query);
  if (answer) {
    const many = showFacets(answer, query, { currency: currency(), onQuery: (next) => go(next, { keep: true }) });
    $("refine").classList.toggle("without-facets", !many);
    $("refine-show").textContent = counted("refine.show", answer.total);
  }
  const count = refinements(query);
  $("refine-open").hidden = false;
  $("refine-count").hidden = !count;
  $("refine-count").textContent = count;
  showFilter();
}

function showFilter() {
  if (document.activeElement !== $("where")) $("where").value = query.where;
  if (document.activeElement !== $("without")) $("without").value = query.without;
  if (query.where || wrongFilter) $("expert").open = true;
  $("where").setAttribute("aria-invalid", String(Boolean(wrongFilter)));
  $("where-error").hidden = !wrongFilter;
  if (!wrongFilter) return;
  const letters = [...query.where];
  const at = (wrongFilter.position ?? letters.length + 1) - 1;
  const what = wrongFilter.message.replace(/^filter, character \d+: /, "");
  $("where-error").replaceChildren(
    element("code", {}, letters.slice(0, at).join(""), element("mark", {}, letters[at] ?? " "), letters.slice(at + 1).join("")),
    element("span", {}, t("filter.wrong", { position: at + 1, what })));
}

function showFound() {
  $("results").setAttribute("aria-busy", String(Boolean(searching)));
  $("related").hidden = $("more").hidden = $("why-not").hidden = true;
  if (searching && !answer) {
    $("notice").hidden = true;
    $("grid").replaceChildren(...skeletons(SKELETONS));
    return;
  }
  const hits = shownHits();
  const notice = noticeNow();
  $("notice").hidden = !notice;
  $("notice").classList.toggle("above", Boolean(notice && hits.length));
  if (notice) {
    [$("notice-title").textContent, $("notice-text").textContent] = notice;
    $("notice-actions").replaceChildren(...noticeActions());
  }
  showCards(hits);
  if (failure) return;
  $("why-not").hidden = false;
  showMore();
  $("related").hidden = !answer.related.length;
  $("related-list").replaceChildren(...answer.related.map((text) => element("li", {}, button({}, () => go({ ...nothing, text }), text))));
}

// Photos that are there already stay, so that narrowing down does not flicker.
function showCards(hits) {
  const stands = new Map([...$("grid").querySelectorAll(".card.shown")].map((one) => [one.dataset.id, one.querySelector(".stand")]));
  const cards = hits.map(cardOf);
  for (const made of cards) {
    const stand = stands.get(made.dataset.id);
    if (!stand) continue;
    made.querySelector(".stand").replaceWith(stand);
    made.classList.add("shown");
  }
  $("grid").replaceChildren(...cards);
}

// Whoever asks for the like of a product has seen one that is good.
const isCutOff = () => Boolean(answer?.no_good_match) && !showAll && Boolean(query.text || query.photos.length);

function shownHits() {
  if (!isCutOff()) return answer?.hits ?? [];
  return answer.close.length ? answer.close : answer.hits.slice(0, FEW);
}

const tasteOf = (id) => (query.liked.includes(id) ? "like" : query.disliked.includes(id) ? "unlike" : null);

function cardOf(hit) {
  return card(hit, {
    onOpen: (one) => openDrawer(one, false),
    onWhy: (one) => openDrawer(one, true),
    onSimilar: ({ id }) => go({ ...nothing, liked: [id] }),
    onTaste: ({ id }, taste) => {
      const others = { liked: without(query.liked, id), disliked: without(query.disliked, id) };
      if (taste) others[taste === "like" ? "liked" : "disliked"].push(id);
      go({ ...query, ...others });
    },
    taste: tasteOf(hit.product.id),
  });
}

function showMore() {
  $("more").hidden = isCutOff() || !answer.hits.length || !answer.next_page_token;
  $("more-count").textContent = t("results.shown", { shown: number(answer.hits.length), total: number(answer.total) });
}

function noticeNow() {
  if (failure) {
    const kinds = ["photo", "not-photo", "body-too-large", "not-found", "network", "filter", "query"];
    return [t("error.title"), t(`error.${kinds.includes(failure.kind) ? failure.kind : "other"}`, { what: failure.message })];
  }
  if (stats?.products === 0) return [t("shelf.empty.title"), t("shelf.empty.text")];
  if (!answer.hits.length) return [t("empty.title"), t(refinements(query) ? "empty.refined" : "empty.text")];
  if (isCutOff()) return [t("cutoff.title"), t(answer.close.length ? "cutoff.close" : "cutoff.text")];
  return null;
}

function noticeActions() {
  const made = [];
  if (refinements(query)) made.push(button({ className: "secondary" }, () => go(unrefined(query)), t("empty.unrefine")));
  if (!failure && isCutOff() && answer.hits.length) {
    made.push(button({ className: "secondary", id: "show-all" }, () => {
      showAll = true;
      show();
      $("grid").querySelector(".open")?.focus();
    }, t("cutoff.all")));
  }
  return made;
}

const announce = (text) => ($("live").textContent = text);

function showExamples() {
  const label = (example) => (currentLanguage() === "zh" ? example.label_zh : example.label_en);
  const offer = (example, ...children) =>
    element("li", {}, button({}, () => tryExample(example), ...children, element("span", {}, label(example))));
  const picture = (example) => element("span", { className: "frame" }, element("img", { src: example.photo, alt: "" }));
  $("example-photos").replaceChildren(...examples.filter((e) => e.photo).map((e) => offer(e, picture(e))));
  $("example-words").replaceChildren(...examples.filter((e) => !e.photo).map((e) => offer(e)));
}

let forYou = null; // what the rack of the start page was filled for: shopper, language and what was done

// The rack of the start page; filled anew for another shopper, and after something was done.
function showForYou() {
  if (!stats?.products) return;
  const title = shopperId() ? t("rack.for-you", { name: shopperName() }) : t("rack.trending");
  $("for-you-title").textContent = title;
  $("for-you-items").setAttribute("aria-label", title);
  const wanted = `${shopperId()} ${currentLanguage()} ${done}`;
  if (wanted === forYou) return;
  forYou = wanted;
  fill($("for-you"), api.recommended(shopperId() ? "for-you" : "trending"), openDrawer);
}

// ---- searching ----

// A new query: into the history, then searched. keep: the panel of refinements stays open.
function go(next, { keep = false } = {}) {
  $("drawer").close();
  if (!keep && $("refine").matches(":modal")) $("refine").close();
  history.pushState({ photos: next.photos.map(({ key }) => key) }, "", address(next));
  window.scrollTo({ top: 0 });
  return run(next);
}

const wish = ({ text, photos, liked, disliked, without }) =>
  JSON.stringify([text, photos.map(({ key }) => key), liked, disliked, without]);

async function run(next) {
  // What is only narrowed down keeps its hits until the new ones come.
  const isSame = wish(next) === wish(query);
  const before = isSame && !failure ? answer : null;
  const sameLiked = similarTo(next) && similarTo(next) === liked?.id;
  query = next;
  $("words").value = query.text;
  searching?.abort();
  searching = null;
  answer = before;
  failure = wrongFilter = null;
  showAll &&= isSame;
  if (!sameLiked) liked = null;
  if (isEmpty(query)) {
    answer = null;
    return show();
  }

  const mine = (searching = new AbortController());
  show();
  announce(t("results.loading"));
  let found = null;
  try {
    const { facets } = await offered;
    const asked = api.search(query, { facets: facetsFor(facets) }, mine.signal);
    const wanted = similarTo(query) && !liked ? api.product(similarTo(query), mine.signal) : liked;
    [found, liked] = await Promise.all([asked, wanted]);
  } catch (error) {
    if (error.name === "AbortError") return;
    if (error.kind === "filter") wrongFilter = error;
    failure = error.kind === "filter" && before ? null : error;
  }
  if (searching !== mine) return;
  searching = null;
  answer = placed(found) ?? (failure ? null : before);
  show();
  if (wrongFilter) pointAtMistake();
  else announce(noticeNow()?.join(". ") ?? counted("results.count", answer.total));
}

// Each hit knows the answer that it came with and its place in it, for what is told of it later.
const placed = (found, before = 0) =>
  found && { ...found, hits: found.hits.map((hit, at) => ({ ...hit, query_id: found.query_id, rank: before + at + 1 })) };

// Facets that the page shows, and those that something was chosen of.
function facetsFor(facets) {
  const shown = facets.filter((one) => one.shown).slice(0, MOST_FACETS);
  const fine = new Set(facets.filter((one) => one.kind === "numbers").map((one) => one.field));
  const fields = new Set([...shown.map((one) => one.field), ...Object.keys(query.choices)]);
  return [...fields].map((field) => JSON.stringify(fine.has(field) ? { field, bins: BINS } : { field, limit: VALUES }));
}

function pointAtMistake() {
  const at = [...query.where].slice(0, (wrongFilter.position ?? 1) - 1).join("").length;
  if (!isWide.matches && !$("refine").open) $("refine").showModal();
  $("where").focus();
  $("where").setSelectionRange(at, at + 1);
}

async function nextPage() {
  const mine = (searching = new AbortController());
  $("more-button").disabled = true;
  try {
    const page = placed(await api.search(query, { page: answer.next_page_token }, mine.signal), answer.hits.length);
    if (searching !== mine) return;
    const first = answer.hits.length;
    answer = { ...answer, hits: [...answer.hits, ...page.hits], next_page_token: page.next_page_token };
    $("grid").append(...page.hits.map(cardOf));
    $("grid").children[first]?.querySelector(".open").focus({ preventScroll: true });
    announce(t("results.shown", { shown: number(answer.hits.length), total: number(answer.total) }));
    showMore();
  } catch (error) {
    if (error.name !== "AbortError") announce(t("error.other"));
  } finally {
    $("more-button").disabled = false;
    if (searching === mine) searching = null;
  }
}

function fail(error) {
  searching?.abort();
  searching = answer = null;
  failure = error;
  show();
  announce(noticeNow().join(". "));
}

// ---- photos ----

let adding = false; // the photos that are being chosen come to those that there are

function choosePhotos(more) {
  adding = more;
  $("file").click();
}

async function addPhotos(files) {
  const kept = adding ? query.photos : [];
  adding = false;
  if (!files.length) return fail(new api.ApiError("not-photo", ""));
  const few = files.slice(0, MOST_PHOTOS - kept.length);
  const made = (await Promise.all(few.map(shrink))).map(remember);
  announce(t("photo.added"));
  return go({ ...nothing, text: $("words").value.trim(), photos: [...kept, ...made] });
}

function removePhoto(photo) {
  go({ ...query, text: $("words").value.trim(), photos: without(query.photos, photo) });
  $("words").focus();
}

async function tryExample(example) {
  try {
    const photo = example.photo ? [remember(await api.blob(example.photo))] : [];
    go({ ...nothing, text: example.text ?? "", photos: photo });
  } catch (error) {
    fail(error);
  }
}

const restore = () => run(fromAddress(location.search, (history.state?.photos ?? []).map((key) => photos.get(key)).filter(Boolean)));

// ---- the drawer ----

let done = 0; // things that the shopper has done on this visit

function openDrawer(hit, mapped = false, { again = false } = {}) {
  const content = details(hit, {
    query: hit.recommended ? null : query,
    chips: hit.recommended ? [] : answer.chips,
    mapped,
    onSimilar: ({ id }) => go({ ...nothing, liked: [id] }),
    onOpen: (one) => openDrawer(one),
  });
  $("drawer-content").replaceChildren(...content);
  opened = hit;
  if (!again && shopperId()) {
    done += 1;
    tell("click", hit).catch(() => {}); // what cannot be told is lost, and nothing else
  }
  if (!$("drawer").open) $("drawer").showModal();
  $("drawer").scrollTop = 0;
  if (mapped) $("why").scrollIntoView();
}

// ---- wiring ----

function searchWords(text) {
  // Facts read from other words mean nothing for these.
  const changed = text !== query.text;
  go({ ...query, text, ...(changed ? { drop: [], only: [], literal: false, liked: [], disliked: [] } : {}) });
}

$("search").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("words").value.trim();
  if (!text && !query.photos.length) {
    announce(t("query.empty"));
    $("words").placeholder = t("query.empty");
    return $("words").focus();
  }
  $("words").blur();
  searchWords(text);
});

suggestOn($("words"), (text) => {
  $("words").value = text;
  $("words").blur();
  searchWords(text);
});

for (const input of [$("file"), $("capture")]) {
  input.addEventListener("change", () => {
    if (input.files.length) addPhotos(imagesIn(input));
    input.value = "";
  });
}
$("choose").addEventListener("click", () => choosePhotos(false));
$("take").hidden = !hasLiveCamera() && !matchMedia("(pointer: coarse)").matches;
$("take").addEventListener("click", async () => {
  if (!hasLiveCamera()) return $("capture").click(); // as on phones that reach this page without https
  const photo = await takePhoto($("camera"));
  if (photo) addPhotos([photo]);
});

document.addEventListener("paste", (event) => {
  if (!event.clipboardData.files.length) return;
  event.preventDefault();
  addPhotos(imagesIn(event.clipboardData));
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
  addPhotos(imagesIn(event.dataTransfer));
});

$("sort").addEventListener("change", () => go({ ...query, sort: $("sort").value }));
$("more-button").addEventListener("click", nextPage);
$("filter").addEventListener("submit", (event) => {
  event.preventDefault();
  go({ ...query, where: $("where").value.trim(), without: $("without").value.trim() }, { keep: true });
});
$("where").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    $("filter").requestSubmit();
  }
});

$("why-not-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const place = $("why-not-answer");
  place.replaceChildren(element("p", {}, t("results.loading")));
  try {
    place.replaceChildren(...reasonFor(await api.whyNot(query, $("why-not-id").value.trim())));
  } catch (error) {
    place.replaceChildren(element("p", {}, t(error.kind === "not-found" ? "whynot.unknown" : "error.other")));
  }
});

// Where there is room, the refinements stand beside the shelf; elsewhere they come over it.
const isWide = matchMedia("(min-width: 1000px)");
function placeRefine() {
  $("refine").close();
  if (isWide.matches) $("refine").setAttribute("open", "");
}
isWide.addEventListener("change", placeRefine);
$("refine-open").addEventListener("click", () => $("refine").showModal());

for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("click", (event) => {
    const onBackdrop = event.target === dialog && dialog.matches(":modal");
    if (onBackdrop || event.target.closest("[data-close]")) dialog.close();
  });
}

document.querySelector(".brand").addEventListener("click", (event) => {
  if (event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  go(nothing);
  $("words").focus();
});

for (const one of document.querySelectorAll("[data-language]")) {
  one.addEventListener("click", () => {
    useLanguage(one.dataset.language);
    show();
    showShopper();
    if ($("drawer").open) openDrawer(opened, false, { again: true });
  });
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
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog:modal")) return;
  const typing = event.target.matches("input, textarea, select");
  const cards = [...$("grid").querySelectorAll(".card:not(.skeleton)")];
  if (event.key === "/" && !typing) {
    event.preventDefault();
    $("words").select();
    $("words").focus();
  } else if (event.key === "Escape") {
    if (typing) event.target.blur();
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

// What was clicked may have changed what is for whom.
$("drawer").addEventListener("close", () => {
  if (document.body.dataset.view === "home") showForYou();
});

function asSomebodyElse() {
  if (document.body.dataset.view === "home") show();
  else run(query);
}

showLanguage();
placeRefine();
restore();
[stats, examples] = await Promise.all([
  ...[api.stats(), api.examples()].map((asked) => asked.catch(() => null)),
  switchShoppers(asSomebodyElse),
]);
examples ??= [];
show();
