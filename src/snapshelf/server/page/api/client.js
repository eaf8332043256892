// Requests to the server. Paths are relative, so that a proxy may add a prefix.

/** @import { WireProblem } from "./schema" */

/** An answer that is an error, or none at all. */
export class ApiError extends Error {
  /**
   * @param {string} kind the last part of the problem's type; "network" when no answer came
   * @param {string} [detail]
   * @param {number} [position] where a filter is wrong, from 1
   */
  constructor(kind, detail = "", position = undefined) {
    super(detail);
    this.kind = kind;
    this.position = position;
  }
}

/** Whether a request was called off. @param {unknown} error */
export const isAbort = (error) => error instanceof DOMException && error.name === "AbortError";

/**
 * An error of the API. Any other is a mistake of the page, so it is also written to the console.
 *
 * @param {unknown} error
 * @returns {ApiError}
 */
export function asApiError(error) {
  if (error instanceof ApiError) return error;
  console.error(error);
  return new ApiError("other", String(error));
}

/**
 * @param {string} path
 * @param {RequestInit} [options]
 */
export async function request(path, options) {
  const response = await fetch(path, options).catch((error) => {
    if (isAbort(error)) throw error;
    throw new ApiError("network", String(error));
  });
  if (response.ok) return response;
  /** @type {WireProblem} */
  const problem = await response.json().catch(() => ({}));
  const kind = String(problem.type).split(":").at(-1) ?? "";
  throw new ApiError(kind, problem.detail ?? response.statusText, problem.position);
}

/**
 * @template Answer
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<Answer>}
 */
export const requestJson = async (path, options) => (await request(path, options)).json();
