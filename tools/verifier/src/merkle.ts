// The Merkle tree of RFC 6962: leaf hash = SHA-256(0x00 ‖ leaf), node hash = SHA-256(0x01 ‖ left ‖ right). Proofs are checked as RFC 9162 §2.1.3.2
// and §2.1.4.2 say. Indexes count from 0; sizes below 2^64.
import { Bytes, equal } from "./bytes.js";
import { sha256 } from "./hash.js";

export function leafHash(leaf: Bytes): Promise<Bytes> {
  return sha256(new Uint8Array([0]), leaf);
}

function nodeHash(left: Bytes, right: Bytes): Promise<Bytes> {
  return sha256(new Uint8Array([1]), left, right);
}

/// RFC 6962 §2.1: split at the largest power of two below the size.
export async function rootOf(leaves: Bytes[]): Promise<Bytes> {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return leafHash(leaves[0]!);
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return nodeHash(await rootOf(leaves.slice(0, split)), await rootOf(leaves.slice(split)));
}

/// RFC 9162 §2.1.3.2.
export async function inclusionHolds(index: bigint, size: bigint, leaf: Bytes, proof: Bytes[], root: Bytes): Promise<boolean> {
  if (index >= size) return false;
  let fn = index, sn = size - 1n, r = leaf;
  for (const p of proof) {
    if (sn === 0n) return false;
    if ((fn & 1n) === 1n || fn === sn) {
      r = await nodeHash(p, r);
      while ((fn & 1n) === 0n && fn !== 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else {
      r = await nodeHash(r, p);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  return sn === 0n && equal(r, root);
}

/// RFC 9162 §2.1.4.2; trees of one size are consistent when they have one root and the proof is empty. Of an empty tree nothing can be proved.
export async function consistencyHolds(size1: bigint, size2: bigint, root1: Bytes, root2: Bytes, proof: Bytes[]): Promise<boolean> {
  if (size1 === 0n || size1 > size2) return false;
  if (size1 === size2) return proof.length === 0 && equal(root1, root2);
  const path = (size1 & (size1 - 1n)) === 0n ? [root1, ...proof] : proof;
  const first = path[0];
  if (proof.length === 0 || first === undefined) return false;
  let fn = size1 - 1n, sn = size2 - 1n;
  while ((fn & 1n) === 1n) {
    fn >>= 1n;
    sn >>= 1n;
  }
  let fr = first, sr = first;
  for (const c of path.slice(1)) {
    if (sn === 0n) return false;
    if ((fn & 1n) === 1n || fn === sn) {
      fr = await nodeHash(c, fr);
      sr = await nodeHash(c, sr);
      while ((fn & 1n) === 0n && fn !== 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else {
      sr = await nodeHash(sr, c);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  return sn === 0n && equal(fr, root1) && equal(sr, root2);
}
