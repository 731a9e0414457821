import { closeSync, fstatSync, openSync, readSync } from "node:fs";

import { Bytes } from "../bytes.js";

/// The bytes of a file; throws when there is none, or it is larger than `bytesMax`: before memory is taken.
export function readBytes(name: string, bytesMax: number): Bytes {
  const file = openSync(name, "r");
  try {
    const buffer = new Uint8Array(Math.min(fstatSync(file).size, bytesMax) + 1);
    let size = 0;
    for (let got = -1; got !== 0 && size < buffer.length; size += got) got = readSync(file, buffer, size, buffer.length - size, null);
    if (size > bytesMax) throw new Error(name + ": larger than " + (bytesMax >> 20) + " MiB");
    return buffer.slice(0, size);
  } finally {
    closeSync(file);
  }
}
