// An entry of the ledger, the leaf that the public log holds of it, and what its result says (docs/formats.md, "Entry and leaf", "Result").
import { bigEndian, ByteReader, Bytes, concat, fromUtf8, Truncated } from "./bytes.js";
import { taggedHash } from "./hash.js";

export interface Entry {
  index: bigint;
  height: bigint;
  timeMs: bigint;
  kind: "transaction" | "deadline";
  id: Bytes;
  nonce: Bytes;
  envelope: Bytes;   // empty for a deadline
  result: Bytes;
}

const layoutVersion = 1;

/// Undefined unless the bytes are exactly an entry.
export function parseEntry(bytes: Bytes): Entry | undefined {
  return total(bytes, (reader) => {
    if (reader.u8() !== layoutVersion) throw new Truncated();
    const index = reader.u64(), height = reader.u64(), timeMs = reader.u64(), kindNumber = reader.u8();
    if (kindNumber > 1) throw new Truncated();
    const kind = kindNumber === 0 ? "transaction" : "deadline";
    const entry: Entry = { index, height, timeMs, kind, id: reader.raw(32), nonce: reader.raw(16), envelope: reader.sized(), result: reader.sized() };
    return entry;
  });
}

/// The 122 bytes whose hash is in the tree.
export async function leafOf(entry: Entry): Promise<Bytes> {
  const envelopeHash = await taggedHash("daftar/envelope/v1", entry.envelope);
  const blindingKey = await taggedHash("daftar/blinding/v1", entry.nonce);
  const resultDigest = await taggedHash("daftar/result/v1", blindingKey, entry.result);
  return concat(new Uint8Array([layoutVersion]), bigEndian(entry.index, 8), bigEndian(entry.height, 8), bigEndian(entry.timeMs, 8),
    new Uint8Array([entry.kind === "transaction" ? 0 : 1]), entry.id, envelopeHash, resultDigest);
}

/// Amounts in minor units.
export interface Posting { account: string; amount: bigint; reason: string; rule: string; balanceAfter: bigint }
export interface TaxLine {
  rule: string; version: number; kind: string; payer: string; payee: string; category: string; currency: string;
  gross: bigint; base: bigint; tax: bigint; withheld: bigint; ratePpm: number;
}
export interface LedgerEvent { kind: string; subject: string; number: number; amount: bigint; text: string }
export interface Result {
  code: number;              // 0: it happened; otherwise a number of docs/refusals.md
  detail: string;
  failedOperation: number;   // from 0; meaningful when refused
  postings: Posting[];
  taxes: TaxLine[];
  events: LedgerEvent[];
}

/// Undefined when the bytes are not a result as this program knows it.
export function parseResult(bytes: Bytes): Result | undefined {
  return total(bytes, (reader) => {
    const text = () => {
      const read = fromUtf8(reader.sized());
      if (read === undefined) throw new Truncated();
      return read;
    };
    const list = <T>(element: () => T): T[] => {
      const count = reader.u32(), elements: T[] = [];
      if (count > reader.left) throw new Truncated();
      for (let i = 0; i < count; ++i) elements.push(element());
      return elements;
    };
    if (reader.u8() !== layoutVersion) throw new Truncated();
    // The elements of an object are evaluated in the order in which they stand: that of the layout.
    const result: Result = {
      code: reader.u16(), detail: text(), failedOperation: reader.u32(),
      postings: list(() => ({ account: text(), amount: reader.i64(), reason: text(), rule: text(), balanceAfter: reader.i64() })),
      taxes: list(() => ({
        rule: text(), version: reader.u32(), kind: text(), payer: text(), payee: text(), category: text(), currency: text(),
        gross: reader.i64(), base: reader.i64(), tax: reader.i64(), withheld: reader.i64(), ratePpm: reader.u32(),
      })),
      events: list(() => ({ kind: text(), subject: text(), number: reader.u32(), amount: reader.i64(), text: text() })),
    };
    return result;
  });
}

/// What `read` makes of all the bytes; undefined when they do not suffice, or some are left.
function total<T>(bytes: Bytes, read: (reader: ByteReader) => T): T | undefined {
  const reader = new ByteReader(bytes);
  try {
    const value = read(reader);
    reader.end();
    return value;
  } catch (error) {
    if (error instanceof Truncated) return undefined;
    throw error;
  }
}
