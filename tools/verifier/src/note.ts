// Checkpoints: the text of C2SP tlog-checkpoint (origin, size, root; no extension lines) in a C2SP signed-note.
import { Bytes, fromBase64, fromDecimal, fromUtf8, utf8 } from "./bytes.js";
import { verifySignature } from "./ed25519.js";
import { sha256 } from "./hash.js";
import { Refusal } from "./refusal.js";

export interface Checkpoint {
  origin: string;
  size: bigint;
  root: Bytes;
}
export interface NoteLine {
  name: string;
  keyId: Bytes;
  signature: Bytes;
}
export interface Note {
  text: Bytes;          // what is signed: up to and with the newline before the empty line
  checkpoint: Checkpoint;
  lines: NoteLine[];
}

export const noteBytesMax = 64 << 10;
export const noteLinesMax = 100;

export function parseNote(bytes: Bytes): Note {
  const refuse = (what: string) => new Refusal("checkpoint", "The signed checkpoint is malformed: " + what + ".");
  if (bytes.length > noteBytesMax) throw refuse("it is larger than 64 KiB");
  const note = fromUtf8(bytes);
  if (note === undefined) throw refuse("it is not a text in UTF-8");
  if (/[\u0000-\u0009\u000b-\u001f]/.test(note)) throw refuse("it contains a control character");
  const split = note.lastIndexOf("\n\n");
  if (split < 0) throw refuse("no empty line divides its text from its signatures");
  const text = note.slice(0, split + 1), signatures = note.slice(split + 2);
  if (!signatures.endsWith("\n")) throw refuse("it does not end with a signature and a newline");
  const lines = signatures.slice(0, -1).split("\n");
  if (lines.length > noteLinesMax) throw refuse("it has more than 100 signatures");
  return {
    text: utf8(text),
    checkpoint: parseCheckpoint(text, refuse),
    lines: lines.map((line) => {
      const parsed = parseNoteLine(line);
      if (!parsed) throw refuse("one of its signature lines is malformed");
      return parsed;
    }),
  };
}

function parseCheckpoint(text: string, refuse: (what: string) => Refusal): Checkpoint {
  const [origin, sizeText, rootText, end, ...more] = text.split("\n");
  if (end !== "" || more.length > 0) throw refuse("its text is not three lines: origin, size, root");
  if (!origin) throw refuse("it has no origin");
  const size = fromDecimal(sizeText ?? "");
  if (size === undefined) throw refuse("its size is not a number");
  const root = fromBase64(rootText ?? "");
  if (root?.length !== 32) throw refuse("its root is not the base64 of 32 bytes");
  return { origin, size, root };
}

/// `— <name> <base64 of key id and signature>`. Names have no Unicode space and no plus.
function parseNoteLine(line: string): NoteLine | undefined {
  const match = /^\u2014 ([^\s+\u0085]+) ([A-Za-z0-9+/=]+)$/u.exec(line);
  const bytes = match && fromBase64(match[2]!);
  if (!bytes || bytes.length <= 4) return undefined;
  return { name: match[1]!, keyId: bytes.slice(0, 4), signature: bytes.slice(4) };
}

/// First 4 bytes of SHA-256(name ‖ 0x0a ‖ 0x01 ‖ key).
async function noteKeyId(name: string, key: Bytes): Promise<Bytes> {
  return (await sha256(utf8(name + "\n"), new Uint8Array([1]), key)).slice(0, 4);
}

/// How many of `keys` (distinct) have signed; each counts once. A line that names one of them and does not verify makes the whole note worthless.
export async function signersOf(note: Note, keys: Bytes[]): Promise<number> {
  // A key id is short: whoever makes a key of the same id as another validator's must not be able to make that one's lines worthless.
  const known = new Map<string, Bytes[]>();
  for (const key of keys) {
    const id = String(await noteKeyId(note.checkpoint.origin, key));
    known.set(id, [...(known.get(id) ?? []), key]);
  }
  const signers = new Set<Bytes>();
  for (const line of note.lines) {
    const named = line.name === note.checkpoint.origin ? known.get(String(line.keyId)) : undefined;
    if (!named) continue;
    const signer = await firstThatVerifies(named, note.text, line.signature);
    if (!signer)
      throw new Refusal("signatures", "A signature that names the key of a validator does not verify; such a checkpoint counts for nothing.");
    signers.add(signer);
  }
  return signers.size;
}

async function firstThatVerifies(keys: Bytes[], text: Bytes, signature: Bytes): Promise<Bytes | undefined> {
  for (const key of keys) if (await verifySignature(key, text, signature)) return key;
  return undefined;
}
