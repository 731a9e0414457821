// Every way in which this file knows to write a receipt differently. Each says whether it changes something that the validators signed: such a receipt must
// be refused. Of the others (a signature more, a line of an unknown key) it is enough that all verifiers say the same, and prove the same entry.
import { Bytes, bigEndian, concat, fromBase64, utf8 } from "../bytes.js";

export interface Mutation {
  what: string;
  changesSigned: boolean;
  receipt: Bytes;
}

/// A receipt taken apart at its lines, so that it can be put together otherwise. Nothing is judged.
interface Parts {
  extra: Bytes;
  index: string;
  proof: Bytes[];
  origin: string;
  size: string;
  root: Bytes;
  signatures: Bytes[];
}

const base64 = (bytes: Bytes) => Buffer.from(bytes).toString("base64");
const groupOrder = 2n ** 252n + 27742317777372353535851937790883648493n;

function partsOf(receipt: Bytes): Parts {
  const lines = Buffer.from(receipt).toString("utf8").split("\n"), split = lines.indexOf("");
  const [origin, size, root] = lines.slice(split + 1);
  const bytes = (text: string | undefined) => fromBase64(text ?? "")!;
  return {
    extra: bytes(lines[1]!.slice("extra ".length)), index: lines[2]!.slice("index ".length), proof: lines.slice(3, split).map(bytes),
    origin: origin!, size: size!, root: bytes(root), signatures: lines.slice(split + 5, -1).map((line) => bytes(line.split(" ")[2])),
  };
}

function put(parts: Parts): Bytes {
  return utf8(["c2sp.org/tlog-proof@v1", "extra " + base64(parts.extra), "index " + parts.index, ...parts.proof.map(base64), "", parts.origin, parts.size, base64(parts.root), "",
    ...parts.signatures.map((one) => `\u2014 ${parts.origin} ${base64(one)}`), ""].join("\n"));
}

function flipped(bytes: Bytes, at: number, mask: number): Bytes {
  const changed = bytes.slice();
  changed[at]! ^= mask;
  return changed;
}

function* mutationsOfParts(whole: Parts, stride: number): Generator<Mutation> {
  const changed = (what: string, other: Partial<Parts>, changesSigned = true): Mutation => ({ what, changesSigned, receipt: put({ ...whole, ...other }) });
  for (let i = 0; i < whole.extra.length; i += stride) yield changed("byte " + i + " of the entry flipped", { extra: flipped(whole.extra, i, 1 << i % 8) });
  yield changed("a byte after the entry", { extra: concat(whole.extra, new Uint8Array(1)) });
  yield changed("the entry without its last byte", { extra: whole.extra.slice(0, -1) });
  yield changed("no entry", { extra: new Uint8Array() });
  for (let i = 0; i < 32; ++i) yield changed("byte " + i + " of the root flipped", { root: flipped(whole.root, i, 0x80 >> i % 8) });

  const index = BigInt(whole.index), size = BigInt(whole.size);
  for (const other of [index + 1n, index - 1n, size, index + (1n << 32n), 2n ** 64n - 1n, 2n ** 64n]) {
    if (other < 0n) continue;
    yield changed("index " + other, { index: String(other) });
    const extra = whole.extra.slice();
    extra.set(bigEndian(other, 8), 1);
    yield changed("index " + other + ", in the entry too", { index: String(other), extra });
  }
  for (const other of [size + 1n, size - 1n, 0n, size * 2n, 2n ** 64n - 1n, 2n ** 64n]) yield changed("size " + other, { size: String(other) });
  for (const prefix of ["0", "+", " ", "-"]) {
    yield changed(`index written with "${prefix}"`, { index: prefix + whole.index });
    yield changed(`size written with "${prefix}"`, { size: prefix + whole.size });
  }

  const { proof, signatures } = whole;
  const without = (list: Bytes[], i: number) => [...list.slice(0, i), ...list.slice(i + 1)];
  const twice = (list: Bytes[], i: number) => [...list.slice(0, i + 1), ...list.slice(i)];
  const swapped = (list: Bytes[], i: number, j: number) => list.map((one, k) => (k === i ? list[j]! : k === j ? list[i]! : one));
  for (let i = 0; i < proof.length; ++i) {
    yield changed("hash " + i + " dropped", { proof: without(proof, i) });
    yield changed("hash " + i + " repeated", { proof: twice(proof, i) });
    for (let j = i + 1; j < proof.length; ++j) yield changed(`hashes ${i} and ${j} swapped`, { proof: swapped(proof, i, j) });
    for (let k = 0; k < 32; ++k) yield changed(`byte ${k} of hash ${i} flipped`, { proof: proof.map((hash, j) => (j === i ? flipped(hash, k, 1 << k % 8) : hash)) });
    yield changed("hash " + i + " a byte shorter", { proof: proof.map((hash, j) => (j === i ? hash.slice(1) : hash)) });
  }
  yield changed("a hash more", { proof: [...proof, whole.root] });
  yield changed("more hashes than any tree needs", { proof: Array<Bytes>(65).fill(whole.root) });

  // Certificates of three lines hold with two: what is left decides.
  const enough = signatures.length > 2;
  for (let i = 0; i < signatures.length; ++i) {
    const one = signatures[i]!, other = (bytes: Bytes) => ({ signatures: signatures.map((line, j) => (j === i ? bytes : line)) });
    yield changed("signature " + i + " dropped", { signatures: without(signatures, i) }, !enough);
    yield changed("signature " + i + " repeated", { signatures: twice(signatures, i) }, false);
    yield changed("signature " + i + " in place of all", { signatures: signatures.map(() => one) });
    for (let j = i + 1; j < signatures.length; ++j) {
      yield changed(`signatures ${i} and ${j} swapped`, { signatures: swapped(signatures, i, j) }, false);
      const exchanged = signatures.map((line, k) => (k === i ? concat(line.slice(0, 4), signatures[j]!.slice(4)) : k === j ? concat(line.slice(0, 4), one.slice(4)) : line));
      yield changed(`signatures ${i} and ${j} under each other's key`, { signatures: exchanged });
    }
    // A flipped key id makes the line one of an unknown key.
    for (let k = 0; k < one.length; ++k) yield changed(`byte ${k} of signature ${i} flipped`, other(flipped(one, k, 1 << k % 8)), k >= 4 || !enough);
    const s = [...one.slice(36)].reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
    yield changed(`signature ${i} with s + L`, other(concat(one.slice(0, 36), bigEndian(s + groupOrder, 32).reverse())));
    yield changed(`signature ${i} a byte longer`, other(concat(one, new Uint8Array(1))));
    yield changed(`signature ${i} a byte shorter`, other(one.slice(0, -1)));
    yield changed(`signature ${i} with nothing but a key`, other(one.slice(0, 4)));
  }
  yield changed("no signature", { signatures: [] });
  yield changed("a signature of an unknown key more", { signatures: [...signatures, flipped(signatures[0]!, 0, 1)] }, false);
  yield changed("a hundred signatures", { signatures: [...signatures, ...Array<Bytes>(100 - signatures.length).fill(flipped(signatures[0]!, 0, 1))] }, false);
  yield changed("a hundred and one signatures", { signatures: [...signatures, ...Array<Bytes>(101 - signatures.length).fill(flipped(signatures[0]!, 0, 1))] });
  for (const origin of [whole.origin.slice(0, -1) + "1", whole.origin + "0", "x" + whole.origin, whole.origin.toUpperCase(), "", whole.origin + " ", whole.origin + "+"])
    yield changed(`origin "${origin}"`, { origin });
}

/// The same parts written otherwise than the formats say: their lines, blanks, padding.
function* otherWritings(receipt: Bytes): Generator<Mutation> {
  const text = Buffer.from(receipt).toString("utf8");
  const written = (what: string, other: string, changesSigned = true): Mutation => ({ what, changesSigned, receipt: utf8(other) });
  yield written("lines end as on Windows", text.replaceAll("\n", "\r\n"));
  yield written("no newline at the end", text.slice(0, -1));
  yield written("an empty line at the end", text + "\n");
  yield written("a byte order mark", "\ufeff" + text);
  yield written("another version", text.replace("@v1", "@v2"));
  yield written("an empty line in front", "\n" + text);
  yield written("no empty line before the checkpoint", text.replace("\n\n", "\n"));
  yield written("two empty lines before the checkpoint", text.replace("\n\n", "\n\n\n"));
  yield written("no entry line", text.replace(/extra [^\n]*\n/, ""));
  yield written("no index line", text.replace(/index [^\n]*\n/, ""));
  yield written("entry and index in the other order", text.replace(/(extra [^\n]*\n)(index [^\n]*\n)/, "$2$1"));
  yield written("an extension line in the checkpoint", text.replace("\n\n\u2014", "\nmore\n\n\u2014"));
  yield written("an empty extension line in the checkpoint", text.replace("\n\n\u2014", "\n\n\n\u2014"));
  yield written("a hyphen for the dash of a signature", text.replace("\u2014 ", "- "));
  yield written("a name with a wide space", text.replace(/\u2014 ([^ ]*) ([^\n]*)\n/, "\u2014 $1 $2\n\u2014 a\u2003b $2\n"), true);
  yield written("a name with a next-line character", text.replace(/\u2014 ([^ ]*) ([^\n]*)\n/, "\u2014 $1 $2\n\u2014 a\u0085b $2\n"), true);
  yield written("another name on one line more", text.replace(/\u2014 ([^ ]*) ([^\n]*)\n/, "\u2014 $1 $2\n\u2014 witness.example/\u00e9 $2\n"), false);
  yield written("padding left out", text.replaceAll("=\n", "\n"));
  yield written("padding where none belongs", text.replace(/(extra [^=\n]*)(=*)\n/, "$1$2====\n"));
  yield written("digits of base64 for addresses", text.replaceAll("+", "-"), text.includes("+"));
  yield written("empty", "");
  yield written("twice", text + text);
  // The last digit before the padding carries bits that no byte has: they must be zero.
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (const match of text.matchAll(/([^=\n])=+\n/g)) {
    const at = match.index, next = digits[digits.indexOf(match[1]!) + 1]!;
    yield written(`unused bits of base64 at ${at}`, text.slice(0, at) + next + text.slice(at + 1));
  }
}

/// Each character changed; where `thorough` also those of the entry's base64, and each left out, doubled and cut off after. What such a change touches is not
/// known here: whether the verifiers agree is, and what they prove.
function* mutationsOfCharacters(receipt: Bytes, thorough: boolean): Generator<Mutation> {
  const one = (what: string, ...parts: Bytes[]): Mutation => ({ what, changesSigned: false, receipt: concat(...parts) });
  const entryBegin = receipt.indexOf(0x20) + 1, entryEnd = receipt.indexOf(0x0a, entryBegin);
  for (let i = 0; i < receipt.length; ++i) {
    if (!thorough && i >= entryBegin && i < entryEnd) continue;
    yield one(`character ${i} changed`, flipped(receipt, i, 1 << i % 8));
    if (!thorough) continue;
    yield one(`character ${i} left out`, receipt.subarray(0, i), receipt.subarray(i + 1));
    yield one(`character ${i} doubled`, receipt.subarray(0, i + 1), receipt.subarray(i));
    yield one(`cut off after ${i}`, receipt.subarray(0, i));
  }
}

/// Of an entry larger than 2000 bytes only every few bytes are flipped, a thousand at least.
export function* mutations(receipt: Bytes, thorough: boolean): Generator<Mutation> {
  const parts = partsOf(receipt);
  yield* mutationsOfParts(parts, Math.max(1, Math.floor(parts.extra.length / 1000)));
  yield* otherWritings(receipt);
  yield* mutationsOfCharacters(receipt, thorough);
}

/// The entry of one receipt under the proof and the certificate of another.
export function crossed(entryOf: Bytes, restOf: Bytes): Mutation {
  const from = partsOf(entryOf);
  return { what: "the entry of another receipt", changesSigned: true, receipt: put({ ...partsOf(restOf), extra: from.extra, index: from.index }) };
}
