/** What travels over HTTP, as far as the page sends or reads it. Only `wire.js` and `endpoints.js` use these names. */

import type { Constraint, FacetField, Localised, Note, Price, Product, Suggestion } from "../types";

export interface WireHit {
  rank: number;
  score: number;
  relevance: number | null;
  contributions: Record<string, number>;
  matched_terms: string[];
  constraints: string[];
  rules: string[];
  variants: number;
  product: Product;
  photo: string;
}

export interface WireFacetValue {
  value: string;
  count: number;
  labels: Localised | null;
}

export interface WireFacet {
  field: string;
  kind: "values" | "numbers";
  values: WireFacetValue[];
  total_values: number;
  edges: number[];
  counts: number[];
}

export interface WireSearchResponse {
  query_id: string;
  total: number;
  sort: string;
  hits: WireHit[];
  facets: WireFacet[];
  chips: Constraint[];
  searched_as: string | null;
  did_you_mean: string | null;
  related: string[];
  notes: Note[];
  next_page_token: string | null;
  no_good_match: boolean;
  near_misses: WireHit[];
  redirect: string | null;
  timings_ms: Record<string, number>;
}

export interface WireWhyNot {
  kind: string;
  rank: number | null;
  score: number | null;
  contributions: Record<string, number>;
  lowest_shown_score: number | null;
  failing: string[];
  represented_by: string | null;
}

export interface WireHeatMap {
  grid: number[][];
}

export interface WireRecommendation {
  rank: number;
  score: number;
  contributions: Record<string, number>;
  reason: Localised;
  product: Product;
  photo: string;
}

export interface WireRecommendations {
  query_id: string;
  personal: boolean;
  products: WireRecommendation[];
}

export interface WireProfile {
  events: number;
  recent: { product: string; kind: string }[];
  category: Record<string, number>;
  brand: Record<string, number>;
  colour: Record<string, number>;
  bought: Record<string, object>;
}

export interface WireFacets {
  facets: FacetField[];
  sorts: string[];
}

export interface WireSuggestions {
  suggestions: Suggestion[];
}

export interface WireExample {
  label_en: string;
  label_zh: string;
  text: string | null;
  photo: string | null;
}

export interface WireExampleShopper {
  id: string;
  name_en: string;
  name_zh: string;
  likes_en: string;
  likes_zh: string;
}

export interface WireStats {
  products: number;
  photos: number;
  encoder: string;
}

export interface WireProblem {
  type?: string;
  detail?: string;
  position?: number;
}
