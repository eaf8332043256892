// The server's HTTP API, as far as the page needs it. Paths are relative, so that a proxy may add a prefix.

import { filterOf } from "./query.js";
import { random, shopperId } from "./who.js";

const HITS = 48;
const RECOMMENDED = 12;
const RELATED = 6;

export class ApiError extends Error {
  // kind: the last part of the problem's type, or "network" when no answer came; position: in a filter, from 1.
  constructor(kind, detail, { position, hint } = {}) {
    super(detail);
    Object.assign(this, { kind, position, hint });
  }
}

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError("network", String(error));
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  throw new ApiError(String(problem.type).split(":").at(-1), problem.detail ?? response.statusText, problem);
}

const json = async (path, options) => (await ask(path, options)).json();

const post = (path, body, signal) => json(path, { method: "POST", body, signal });

// What the shopper says, as the form that every search route takes.
function form(query) {
  const body = new FormData();
  const add = (name, value) => value && body.append(name, value);
  for (const photo of query.photos) body.append("photo", photo.blob, "photo");
  add("text", query.text);
  add("without", query.without);
  add("where", filterOf(query));
  add("sort", query.sort);
  add("shopper", shopperId());
  for (const id of query.liked) body.append("liked", id);
  for (const id of query.disliked) body.append("disliked", id);
  for (const fact of query.drop) body.append("drop", fact);
  if (Object.keys(query.choices).length) body.append("choices", JSON.stringify(query.choices));
  if (query.literal) body.append("understand", "false");
  return body;
}

export function search(query, { facets = [], page = null }, signal) {
  const body = form(query);
  body.append("k", HITS);
  body.append("related", RELATED);
  body.append("explain", "true");
  for (const facet of facets) body.append("facets", facet);
  if (page) body.append("page_token", page);
  return post("v1/search", body, signal);
}

export function heatMap(query, id, side) {
  const body = form(query);
  body.append("id", id);
  body.append("side", side);
  return post("v1/search/heat-map", body);
}

export function whyNot(query, id) {
  const body = form(query);
  body.append("id", id);
  return post("v1/search/why-not", body);
}

export function recommended(kind, options = {}, signal) {
  const asked = { kind, k: RECOMMENDED, ...options };
  if (shopperId()) asked.shopper = shopperId();
  return json(`v1/recommendations?${new URLSearchParams(asked)}`, { signal });
}

// What the shopper did with a product in its place, in the shape of UBI.
export function tell(action, { product, query_id, rank }) {
  const event = {
    action_name: action,
    client_id: shopperId(),
    event_id: random(),
    timestamp: new Date().toISOString(),
    query_id,
    event_attributes: { object: { object_id: product.id }, position: { ordinal: rank } },
  };
  const options = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(event), keepalive: true };
  return json("v1/events", options);
}

const shopperPath = (id) => `v1/shoppers/${encodeURIComponent(id)}`;

export const profile = (id) => json(`${shopperPath(id)}/profile`);

export const forget = (id) => json(shopperPath(id), { method: "DELETE" });

export const exampleShoppers = () => json("v1/examples/shoppers");

export const suggest = (q, language, signal) => json(`v1/suggest?${new URLSearchParams({ q, language })}`, { signal });

export const product = (id, signal) => json(`v1/products/${encodeURIComponent(id)}`, { signal });

export const photoOf = (id) => `v1/products/${encodeURIComponent(id)}/photo`;

export const facets = () => json("v1/facets");

export const stats = () => json("v1/stats");

export const examples = () => json("v1/examples");

export const blob = async (path) => (await ask(path)).blob();
