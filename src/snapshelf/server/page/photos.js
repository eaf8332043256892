// Getting a photo: from a file, the clipboard, a drop or the camera, and making it small enough to send.

const MAX_SIDE = 1024;

// A photo of at most MAX_SIDE pixels a side. What is small already, or what the browser cannot read, goes as it is.
export async function shrink(file) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return file;
  }
  const scale = MAX_SIDE / Math.max(bitmap.width, bitmap.height);
  if (scale >= 1) {
    bitmap.close();
    return file;
  }
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext("2d");
  context.fillStyle = "white"; // JPEG has no transparency
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return new Promise((resolve) => canvas.toBlob((small) => resolve(small ?? file), "image/jpeg", 0.9));
}

// The images among what was chosen, pasted or dropped.
export const imagesIn = (transfer) => [...transfer.files].filter((file) => file.type.startsWith("image/"));

export const hasLiveCamera = () => Boolean(navigator.mediaDevices?.getUserMedia);

// A dialog with the live picture of the camera; gives the photo, or null when it was closed without one.
export function takePhoto(dialog) {
  const video = dialog.querySelector("video");
  const shutter = dialog.querySelector(".shutter");
  const flip = dialog.querySelector("#flip");
  const complaint = dialog.querySelector("[role=alert]");
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
    let photo = null;
    flip.onclick = () => {
      facing = facing === "environment" ? "user" : "environment";
      start();
    };
    shutter.onclick = () => {
      const canvas = document.createElement("canvas");
      canvas.width = video.videoWidth;
      canvas.height = video.videoHeight;
      canvas.getContext("2d").drawImage(video, 0, 0);
      canvas.toBlob((taken) => {
        photo = taken;
        dialog.close();
      }, "image/jpeg", 0.9);
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
