// SHA-256 and SHA-512 of the platform's WebCrypto, and the tagged hash of docs/formats.md.
import { Bytes, concat, utf8 } from "./bytes.js";

export async function sha256(...parts: Bytes[]): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", concat(...parts)));
}

export async function sha512(...parts: Bytes[]): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-512", concat(...parts)));
}

export function taggedHash(tag: string, ...parts: Bytes[]): Promise<Bytes> {
  return sha256(utf8(tag), new Uint8Array([0]), ...parts);
}
