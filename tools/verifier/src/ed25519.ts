// Ed25519 (RFC 8032) under Daftar's one rule (docs/formats.md, "Keys and signatures"): canonical A and R, s < L, neither A nor R of small order, A in the
// subgroup of prime order (asked when a key is registered), and the equation with the cofactor, 8(sB - hA - R) = 0.
//
// The platform's WebCrypto is only a fast way to yes: what it accepts, by the equation without the cofactor, this equation accepts too once A, R and s have
// been checked here. Platforms differ in what else they refuse, so their no is decided again; where they do not know Ed25519 everything is.
import { ed25519 } from "@noble/curves/ed25519";

import { Bytes } from "./bytes.js";
import { sha512 } from "./hash.js";

type Point = InstanceType<typeof ed25519.Point>;
const Point = ed25519.Point;
const fieldPrime = 2n ** 255n - 19n;
const groupOrder = 2n ** 252n + 27742317777372353535851937790883648493n;

function littleEndian(bytes: Bytes): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; --i) value = (value << 8n) | BigInt(bytes[i]!);
  return value;
}

/// A point in its one encoding and not of small order; undefined otherwise. The encodings of x = 0 with the sign bit set are of small order besides.
function usablePoint(encoding: Bytes): Point | undefined {
  if (encoding.length !== 32) return undefined;
  const y = littleEndian(encoding) & ((1n << 255n) - 1n);
  if (y >= fieldPrime) return undefined;
  try {
    const point = Point.fromHex(encoding);
    return point.isSmallOrder() ? undefined : point;
  } catch {
    return undefined;  // no point of the curve
  }
}

/// May this key stand in a registry?
export function registrable(key: Bytes): boolean {
  return keyPoint(key)?.isTorsionFree() ?? false;
}

/// Keys come again and again, a signature's R never: their points are kept, so many at most.
const keyPointsMax = 128;
const keyPoints = new Map<string, Point | undefined>();

function keyPoint(key: Bytes): Point | undefined {
  const name = String(key);
  if (!keyPoints.has(name)) {
    if (keyPoints.size === keyPointsMax) keyPoints.clear();
    keyPoints.set(name, usablePoint(key));
  }
  return keyPoints.get(name);
}

/// The rule but for the subgroup of the key. Total: any bytes give an answer.
export async function verifySignature(key: Bytes, message: Bytes, signature: Bytes): Promise<boolean> {
  if (signature.length !== 64) return false;
  const r = signature.slice(0, 32), s = littleEndian(signature.slice(32));
  if (s >= groupOrder) return false;
  const a = keyPoint(key), noncePoint = usablePoint(r);
  if (!a || !noncePoint) return false;
  if (await platformAccepts(key, message, signature)) return true;
  const h = littleEndian(await sha512(r, key, message)) % groupOrder;
  return times(Point.BASE, s).subtract(times(a, h)).subtract(noncePoint).clearCofactor().is0();
}

/// The library's multiplication refuses the factor 0.
function times(point: Point, factor: bigint): Point {
  return factor === 0n ? Point.ZERO : point.multiplyUnsafe(factor);
}

async function platformAccepts(key: Bytes, message: Bytes, signature: Bytes): Promise<boolean> {
  try {
    const imported = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
    return await crypto.subtle.verify({ name: "Ed25519" }, imported, signature, message);
  } catch {
    return false;
  }
}
