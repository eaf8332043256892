// Getting photos into a search: from files, the camera, the clipboard, or dropped on the page.

import { ApiError, asApiError } from "../api/client.js";
import * as api from "../api/endpoints.js";
import { $ } from "../browser/dom.js";
import { t } from "../browser/i18n.js";
import { imagesIn, small } from "../browser/images.js";
import { announce } from "../browser/live.js";
import { go } from "../state/navigation.js";
import { photoOf } from "../state/photos.js";
import { MAX_PHOTOS, nothing } from "../state/query.js";
import { refuse } from "../state/search.js";
import { store } from "../state/store.js";
import { hasLiveCamera, takePhoto } from "./camera.js";

/** @import { Example } from "../types" */

const chooser = $("file", HTMLInputElement);
const capture = $("capture", HTMLInputElement);

/**
 * Opens the browser's dialog for files.
 *
 * @param {{ add: boolean }} options whether the photos that are there stay
 */
export function choosePhotos({ add }) {
  chooser.dataset.add = String(add);
  chooser.click();
}

/**
 * Searches with photos.
 *
 * @param {Blob[]} files
 * @param {{ add?: boolean }} [options] whether the photos that are there stay
 */
async function searchPhotos(files, { add = false } = {}) {
  if (!files.length) return refuse(new ApiError("not-photo"));
  const kept = add ? store.state.query.photos : [];
  const photos = await Promise.all(files.slice(0, MAX_PHOTOS - kept.length).map(small));
  announce(t("photo.added"));
  await go({ ...nothing, text: $("words", HTMLInputElement).value.trim(), photos: [...kept, ...photos.map(photoOf)] });
}

/** @param {Example} example */
export async function searchExample({ text, photo }) {
  try {
    const photos = photo ? [photoOf(await api.photo(photo))] : [];
    await go({ ...nothing, text, photos });
  } catch (error) {
    refuse(asApiError(error));
  }
}

export function mountPhotoInput() {
  for (const input of [chooser, capture]) {
    input.addEventListener("change", () => {
      const files = imagesIn(input.files);
      if (input.files?.length) searchPhotos(files, { add: input.dataset.add === "true" });
      input.value = "";
    });
  }
  $("choose").addEventListener("click", () => choosePhotos({ add: false }));
  $("take").hidden = !hasLiveCamera() && !matchMedia("(pointer: coarse)").matches;
  $("take").addEventListener("click", async () => {
    // Phones that reach the page without https have no live camera, but an app for it.
    if (!hasLiveCamera()) return capture.click();
    const photo = await takePhoto($("camera", HTMLDialogElement));
    if (photo) await searchPhotos([photo]);
  });
  document.addEventListener("paste", (event) => {
    if (!event.clipboardData?.files.length) return;
    event.preventDefault();
    searchPhotos(imagesIn(event.clipboardData.files));
  });
  followDrops();
}

function followDrops() {
  /** @param {boolean} isOver */
  const showTarget = (isOver) => $("drop").classList.toggle("shown", isOver);
  /** @param {DragEvent} event */
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");

  document.addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    showTarget(true);
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) showTarget(false);
  });
  document.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    showTarget(false);
    searchPhotos(imagesIn(event.dataTransfer?.files));
  });
}
