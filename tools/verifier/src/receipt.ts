// Receipts: C2SP tlog-proof files whose `extra` is the entry (docs/formats.md, "Receipt").
import { Bytes, fromBase64, fromDecimal } from "./bytes.js";
import { Entry, leafOf, parseEntry } from "./entry.js";
import { inclusionHolds, leafHash } from "./merkle.js";
import { Checkpoint, parseNote, signersOf } from "./note.js";
import { Refusal } from "./refusal.js";

export interface Verified {
  entry: Entry;
  checkpoint: Checkpoint;
  signers: number;
  validators: number;
}

export const receiptBytesMax = 16 << 20;
const proofHashesMax = 64;
const firstLine = "c2sp.org/tlog-proof@v1";
const newline = 0x0a;

/// What stands on the lines of a receipt, read and not yet judged.
interface Lines {
  extra: Bytes;
  index: bigint;
  proof: Bytes[];
  note: Bytes;
}

/// Refuses anything that is not written exactly as the format says; each line is a part of its own.
function readLines(bytes: Bytes): Lines {
  if (bytes.length > receiptBytesMax) throw new Refusal("format", "This is larger than 16 MiB, and so no receipt.");
  let at = 0;
  /// One character for each byte: all that is valid before the checkpoint is ASCII.
  const nextLine = (part: string) => {
    const end = bytes.indexOf(newline, at);
    if (end < 0) throw new Refusal(part, "The receipt ends too early.");
    const line = latin1(bytes.subarray(at, end));
    at = end + 1;
    return line;
  };
  if (nextLine("format") !== firstLine) throw new Refusal("format", "The first line is not " + firstLine + ": this is not a receipt.");
  const extraLine = nextLine("entry"), extra = extraLine.startsWith("extra ") ? fromBase64(extraLine.slice(6)) : undefined;
  if (!extra) throw new Refusal("entry", "The second line is not `extra` and the base64 of an entry.");
  const indexLine = nextLine("index"), index = indexLine.startsWith("index ") ? fromDecimal(indexLine.slice(6)) : undefined;
  if (index === undefined) throw new Refusal("index", "The third line is not `index` and a number.");
  const proof: Bytes[] = [];
  for (let line = nextLine("format"); line !== ""; line = nextLine("format")) {
    const hash = fromBase64(line);
    if (hash?.length !== 32) throw new Refusal("proof", "A line of the proof is not the base64 of a hash.");
    if (proof.length === proofHashesMax) throw new Refusal("proof", "The proof is longer than any can be.");
    proof.push(hash);
  }
  return { extra, index, proof, note: bytes.subarray(at) };
}

function latin1(bytes: Bytes): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return text;
}

/// `origin`: of the ledger that the verifier trusts. `keysAt`: the checkpoint keys of the validators in force under a tree of a size, distinct. The order of
/// the steps is that of docs/formats.md: which part is refused first. Throws Refusal.
export async function verifyReceipt(bytes: Bytes, origin: string, keysAt: (size: bigint) => Bytes[]): Promise<Verified> {
  const { extra, index, proof, note: noteBytes } = readLines(bytes);
  const note = parseNote(noteBytes), { checkpoint } = note;
  if (checkpoint.origin !== origin) throw new Refusal("origin", "The receipt is of ledger " + checkpoint.origin + ", not of " + origin + ".");
  // The size is only claimed as yet. It says which keys to try; under these keys it is then verified.
  const keys = keysAt(checkpoint.size), signers = await signersOf(note, keys), quorum = Math.floor(keys.length / 2) + 1;
  if (signers < quorum) throw new Refusal("signatures", signers + " of " + keys.length + " validators have signed the checkpoint; " + quorum + " are needed.");
  const entry = parseEntry(extra);
  if (!entry) throw new Refusal("entry", "The entry inside the receipt is malformed.");
  if (entry.index !== index) throw new Refusal("index", "The receipt says index " + index + ", the entry inside it is number " + entry.index + ".");
  if (index >= checkpoint.size) throw new Refusal("index", "The tree of the checkpoint has " + checkpoint.size + " entries, none of index " + index + ".");
  const leaf = await leafHash(await leafOf(entry));
  if (!(await inclusionHolds(index, checkpoint.size, leaf, proof, checkpoint.root)))
    throw new Refusal("proof", "The entry is not in the tree that the validators signed: the proof leads to another root.");
  return { entry, checkpoint, signers, validators: keys.length };
}
