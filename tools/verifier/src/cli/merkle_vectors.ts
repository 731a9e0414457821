// One line of Merkle vectors: {"kind":"inclusion"|"consistency"|"root", ...}, hashes in hex.
import { Bytes, equal, fromHex, toHex } from "../bytes.js";
import { consistencyHolds, inclusionHolds, rootOf } from "../merkle.js";

class MalformedVector extends Error {}

type Vector = Map<string, unknown>;

/// Whole numbers of JSON are kept as they are written, since sizes go up to 2^64 - 1 and a number of JavaScript is exact to 2^53 only.
function parseVector(line: string): Vector {
  const quoted = line.replace(/("(?:[^"\\]|\\.)*")|(-?[0-9][0-9.eE+-]*)/g, (_, text: string | undefined, number: string) => text ?? `{"number":"${number}"}`);
  const parsed: unknown = JSON.parse(quoted);
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) throw new MalformedVector();
  return new Map(Object.entries(parsed));
}

function count(vector: Vector, name: string): bigint {
  const value = vector.get(name), text = typeof value === "object" && value !== null && "number" in value ? value.number : undefined;
  if (typeof text !== "string" || !/^(0|[1-9][0-9]*)$/.test(text) || BigInt(text) >= 1n << 64n) throw new MalformedVector();
  return BigInt(text);
}

function hexBytes(value: unknown): Bytes {
  const bytes = typeof value === "string" ? fromHex(value) : undefined;
  if (!bytes) throw new MalformedVector();
  return bytes;
}

function hash(value: unknown): Bytes {
  const bytes = hexBytes(value);
  if (bytes.length !== 32) throw new MalformedVector();
  return bytes;
}

function list(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new MalformedVector();
  return value;
}

async function judge(v: Vector): Promise<string> {
  const proof = () => list(v.get("proof") ?? []).map(hash), answer = (holds: boolean) => (holds ? "ok" : "err");
  switch (v.get("kind")) {
    case "inclusion":
      return answer(await inclusionHolds(count(v, "leafIdx"), count(v, "treeSize"), hash(v.get("leafHash")), proof(), hash(v.get("root"))));
    case "consistency": {
      const size1 = count(v, "size1"), size2 = count(v, "size2"), root1 = hexBytes(v.get("root1")), root2 = hexBytes(v.get("root2"));
      // Nothing is hashed between trees of one size: public vectors ask about them with placeholders that are not as long as a hash.
      if (size1 === size2 && size1 > 0n) return answer(proof().length === 0 && equal(root1, root2));
      return answer(await consistencyHolds(size1, size2, hash(v.get("root1")), hash(v.get("root2")), proof()));
    }
    case "root":
      return toHex(await rootOf(list(v.get("leaves")).map(hexBytes)));
    default:
      return "err";
  }
}

export async function judgeMerkle(line: string): Promise<string> {
  try {
    return await judge(parseVector(line));
  } catch (error) {
    if (error instanceof MalformedVector || error instanceof SyntaxError) return "err";
    throw error;
  }
}
