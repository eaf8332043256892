// The query that the page holds, and the address that leads back to it.

// photos: [{ blob, url, key }]; liked, disliked: ids of products; choices: field → the values chosen of it, or
// { low, high }; drop: facts read from the words that are not meant; only: those that must hold; literal: the words
// as they are.
export const nothing = Object.freeze({
  text: "",
  without: "",
  photos: Object.freeze([]),
  liked: Object.freeze([]),
  disliked: Object.freeze([]),
  where: "",
  sort: "",
  choices: Object.freeze({}),
  drop: Object.freeze([]),
  only: Object.freeze([]),
  literal: false,
});

export const isEmpty = ({ text, photos, liked }) => !text && !photos.length && !liked.length;

// The id of the product whose like is sought, when that is all that is asked.
export const similarTo = ({ text, photos, liked, disliked }) =>
  liked.length === 1 && !text && !photos.length && !disliked.length ? liked[0] : null;

// What narrows the query without being part of what is looked for.
export const unrefined = (query) => ({ ...query, where: "", choices: {}, drop: [], only: [] });

export const refinements = ({ where, choices, only }) => Object.keys(choices).length + only.length + (where ? 1 : 0);

// The filter in writing and the facts that must hold, as one: OR binds tighter than AND, so nothing needs brackets.
export const filterOf = ({ where, only }) => [where, ...only].filter(Boolean).join(" AND ");

export function withChoice(query, field, value) {
  const choices = { ...query.choices };
  const empty = Array.isArray(value) ? !value.length : value === null || (value.low === null && value.high === null);
  if (empty) delete choices[field];
  else choices[field] = value;
  return { ...query, choices };
}

export const without = (list, one) => list.filter((other) => other !== one);

const LISTS = { like: "liked", unlike: "disliked", drop: "drop", only: "only" };
const TEXTS = { q: "text", without: "without", where: "where", sort: "sort" };

export function address(query) {
  const parameters = new URLSearchParams();
  for (const [name, field] of Object.entries(TEXTS)) if (query[field]) parameters.set(name, query[field]);
  for (const [name, field] of Object.entries(LISTS)) for (const one of query[field]) parameters.append(name, one);
  for (const [field, chosen] of Object.entries(query.choices)) {
    if (Array.isArray(chosen)) for (const value of chosen) parameters.append(`is.${field}`, value);
    else parameters.set(`in.${field}`, `${chosen.low ?? ""}..${chosen.high ?? ""}`);
  }
  if (query.literal) parameters.set("literal", "1");
  return parameters.size ? `?${parameters}` : location.pathname;
}

const numeric = (text) => (text === "" || !Number.isFinite(Number(text)) ? null : Number(text));

export function fromAddress(search, photos) {
  const parameters = new URLSearchParams(search);
  const query = { ...nothing, photos, literal: parameters.has("literal"), choices: {} };
  for (const [name, field] of Object.entries(TEXTS)) query[field] = parameters.get(name) ?? "";
  for (const [name, field] of Object.entries(LISTS)) query[field] = parameters.getAll(name);
  for (const [name, value] of parameters) {
    const field = name.slice(3);
    if (name.startsWith("is.")) (query.choices[field] ??= []).push(value);
    if (name.startsWith("in.")) {
      const [least, most] = value.split("..").map(numeric);
      query.choices[field] = { low: least, high: most ?? null };
    }
  }
  return query;
}
