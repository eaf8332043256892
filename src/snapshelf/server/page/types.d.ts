/** What the page works with. The names of the HTTP API are in `api/schema.d.ts`. */

import type { ApiError } from "./api/client.js";

export type Language = "en" | "zh";

export interface Localised {
  en: string;
  zh: string;
}

// ---- products ----

export interface Price {
  amount: string | number;
  currency: string;
}

export interface Product {
  id: string;
  title: string;
  description: string;
  brand: string;
  category: string[];
  price: Price | null;
  availability: string;
  stock: number | null;
  url: string;
  attributes: Record<string, string | number | string[]>;
}

/** A product at its place in a result or in recommendations. */
export interface Hit {
  product: Product;
  photo: string;
  queryId: string;
  rank: number;
  score: number;
  contributions: Record<string, number>;
  /** Probability of a good match; null where it is not known. */
  relevance: number | null;
  matchedTerms: string[];
  /** Constraints read from the words that hold for the product, as filters. */
  constraints: string[];
  rules: string[];
  /** Further variants that are not shown. */
  variants: number;
  /** Why it is recommended; null for a hit of a search. */
  reason: Localised | null;
}

// ---- searching ----

/** A photo of this visit. */
export interface Photo {
  id: string;
  blob: Blob;
  /** Address of the blob, to show it. */
  url: string;
}

export interface NumberRange {
  low: number | null;
  high: number | null;
}

export interface Query {
  text: string;
  /** Words to move away from. */
  without: string;
  photos: readonly Photo[];
  /** Ids of products to find more of, and of products to avoid. */
  liked: readonly string[];
  disliked: readonly string[];
  /** A filter expression. */
  where: string;
  /** Empty: by relevance. */
  sort: string;
  facetFilters: Readonly<Record<string, readonly string[] | NumberRange>>;
  /** Constraints read from the words: those that are not meant, and those that products must have. */
  dismissed: readonly string[];
  required: readonly string[];
  /** Search the words as they are. */
  literal: boolean;
}

/** A constraint that was read from the words. */
export interface Constraint {
  text: string;
  /** The constraint as a filter. */
  where: string;
  labels: Partial<Localised>;
  /** Products without it are left out. */
  hard: boolean;
  /** What it is about; `sort` is an order that the words ask for. */
  kind: string;
}

export interface FacetValue {
  value: string;
  count: number;
  labels: Localised | null;
}

export interface Facet {
  field: string;
  kind: "values" | "numbers";
  values: FacetValue[];
  totalValues: number;
  /** Histogram: bar i is from edge i to edge i + 1. */
  edges: number[];
  counts: number[];
}

export interface Note {
  kind: string;
  text: string;
  values: Record<string, string>;
}

/** The answer to a query, with the hits of all pages that were asked for. */
export interface Answer {
  query: Query;
  /** The product of which similar ones were looked for. */
  reference: Product | null;
  total: number;
  /** The order, whether it was chosen or the words ask for it. */
  sort: string;
  hits: Hit[];
  facets: Facet[];
  constraints: Constraint[];
  searchedAs: string | null;
  didYouMean: string | null;
  related: string[];
  notes: Note[];
  nextPageToken: string | null;
  noGoodMatch: boolean;
  nearMisses: Hit[];
  redirect: string | null;
  /** Milliseconds by stage. */
  timings: Record<string, number>;
}

/** Why a product is not among the hits, or where it is. */
export interface WhyNot {
  kind: string;
  rank: number | null;
  score: number | null;
  contributions: Record<string, number>;
  lowestShownScore: number | null;
  failing: string[];
  representedBy: string | null;
}

export interface Suggestion {
  text: string;
  kind: string;
}

// ---- the shop ----

export interface FacetField {
  field: string;
  kind: "values" | "numbers";
  /** Whether shoppers narrow down by it. */
  shown: boolean;
  /** Its name, where the shop gives it. */
  labels: Partial<Localised>;
  /** How many values or bars the shop shows. */
  limit: number | null;
}

/** What a search may be narrowed down and sorted by. */
export interface Offered {
  facets: FacetField[];
  sorts: string[];
}

export interface Stats {
  products: number;
  photos: number;
  encoder: string;
}

export interface Example {
  label: Localised;
  text: string;
  /** Address of the photo. */
  photo: string | null;
}

// ---- shoppers ----

export interface ExampleShopper {
  id: string;
  name: Localised;
  likes: Localised;
}

/** What is known of a shopper: the strongest values of each kind, and the latest interactions, newest first. */
export interface Profile {
  events: number;
  colours: string[];
  categories: string[];
  brands: string[];
  recent: { product: string; kind: string }[];
  purchasedProducts: number;
}

export interface Recommendations {
  hits: Hit[];
  /** Whether anything is known of the shopper. */
  personal: boolean;
}

export type Action = "click" | "cart" | "purchase";

// ---- state ----

/** Product details in the drawer, with what they were opened from. */
export interface Details {
  id: string;
  hit: Hit;
  /** The query that the hit answers; null for a recommendation. */
  query: Query | null;
  constraints: Constraint[];
  /** Whether the heat map is drawn at once. */
  withHeatMap: boolean;
}

export interface State {
  language: Language;

  /** What is asked for. */
  query: Query;
  /** The latest answer; it stays while another query is under way and when that fails. */
  answer: Answer | null;
  loading: { what: "search" | "page"; controller: AbortController } | null;
  failure: ApiError | null;
  /** Why the next page did not come. */
  pageFailure: ApiError | null;
  /** Also shows hits that are no good match. */
  showsAll: boolean;
  /** Photos of this visit by id. */
  photos: Readonly<Record<string, Photo>>;
  /** Photos of the query that did not outlast a reload. */
  lostPhotos: number;

  /** What was opened in the drawer on this visit, by id. */
  details: Readonly<Record<string, Details>>;
  /** What is open in the drawer, the topmost last: as many entries of the history. */
  drawer: readonly Details[];
  /** Resolves when a step back in the history is done. */
  traversal: Promise<void> | null;
  /** What the shopper has opened, searched within and unfolded in the facets, by field. */
  facets: {
    open: Readonly<Record<string, boolean>>;
    expanded: Readonly<Record<string, boolean>>;
    typed: Readonly<Record<string, string>>;
  };

  offeredRequest: Promise<Offered> | null;
  offered: Offered | null;
  stats: Stats | null;
  examples: readonly Example[];

  /** Id of the shopper; empty for a guest. */
  shopper: string;
  exampleShoppers: readonly ExampleShopper[];
  /** null: not known yet. */
  profile: Profile | "unavailable" | null;
  /** Interactions of this visit. */
  interactions: number;
}
