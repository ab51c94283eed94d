// Thumbnails over HTTP: POST an image, get a small one back. `?size=` is its longest side in pixels.
//
//   curl --data-binary @photo.jpg -H 'content-type: image/jpeg' 'https://.../?size=200' -o small.jpg
//
// package.json names sharp: it is installed once, at deploy, and not again until that file changes.
import sharp from "sharp";

const SIZE = { least: 16, usual: 128, most: 1024 };
// A picture of a few kilobytes can unpack to gigabytes. Its header tells the size before a pixel is read.
const MOST_PIXELS = 40_000_000;

export const handler = async (event) => {
  const size = Number(event.queryStringParameters?.size ?? SIZE.usual);
  if (!Number.isInteger(size) || size < SIZE.least || size > SIZE.most) {
    return refuse(400, `size goes from ${SIZE.least} to ${SIZE.most}.`);
  }
  // Bytes come as base64 in an event, since JSON has only text; the answer goes back the same way.
  const bytes = Buffer.from(event.isBase64Encoded ? event.body : "", "base64");
  try {
    const image = sharp(bytes); // throws, as the lines after it do, at what is no image
    const { format, width, height } = await image.metadata();
    if (width * height > MOST_PIXELS)
      return refuse(413, `The image has more than ${MOST_PIXELS} pixels.`);
    console.log(`${format} of ${width} x ${height} to at most ${size}`);
    return picture(await shrink(image, format, size));
  } catch (error) {
    console.warn(error.message);
    return refuse(415, "The body is not an image that can be read.");
  }
};

function shrink(image, format, size) {
  const small = image
    .autoOrient() // a phone's picture may lie on its side and say so
    .resize(size, size, { fit: "inside", withoutEnlargement: true });
  // JPEG is smaller but has no transparency: what was transparent becomes white.
  const written = format === "png" ? small.png() : small.flatten({ background: "white" }).jpeg();
  return written.toBuffer({ resolveWithObject: true });
}

/** What shrink made, as an answer. */
function picture({ data, info }) {
  return {
    statusCode: 200,
    headers: { "content-type": `image/${info.format}` },
    body: data.toString("base64"),
    isBase64Encoded: true,
  };
}

function refuse(statusCode, error) {
  return {
    statusCode,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ error }),
  };
}
