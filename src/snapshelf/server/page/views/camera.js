// Taking a photo with the live camera, in a dialog.

import { $, find } from "../browser/dom.js";
import { contextOf, jpegOf } from "../browser/images.js";

export const hasLiveCamera = () => Boolean(navigator.mediaDevices?.getUserMedia);

/**
 * Shows the live picture of the camera. Gives the photo, or null when the dialog was closed without a photo.
 *
 * @param {HTMLDialogElement} dialog
 * @returns {Promise<Blob | null>}
 */
export function takePhoto(dialog) {
  const video = $("video", HTMLVideoElement);
  const shutter = $("shutter", HTMLButtonElement);
  const flip = $("flip", HTMLButtonElement);
  const complaint = find(dialog, "[role=alert]");
  /** @type {MediaStream | null} */
  let stream = null;
  let facing = "environment";

  const stop = () => stream?.getTracks().forEach((track) => track.stop());

  async function start() {
    stop();
    shutter.disabled = true;
    complaint.hidden = true;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: facing, width: 1280 } });
      if (!dialog.open) return stop();
      video.srcObject = stream;
      await video.play();
      shutter.disabled = false;
      shutter.focus();
    } catch {
      complaint.hidden = !dialog.open;
    }
  }

  return new Promise((resolve) => {
    /** @type {Blob | null} */
    let photo = null;
    flip.onclick = () => {
      facing = facing === "environment" ? "user" : "environment";
      start();
    };
    shutter.onclick = async () => {
      const canvas = document.createElement("canvas");
      canvas.width = video.videoWidth;
      canvas.height = video.videoHeight;
      contextOf(canvas).drawImage(video, 0, 0);
      photo = await jpegOf(canvas);
      dialog.close();
    };
    dialog.addEventListener("close", () => {
      stop();
      video.srcObject = null;
      resolve(photo);
    }, { once: true });
    dialog.showModal();
    start();
  });
}
