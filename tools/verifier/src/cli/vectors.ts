// vectors KIND: the interface of daftar-vectors, answered by the second verifier. Each line of standard input with ok, err, a hex root, or a part refused.
import "./platform.js";

import { createInterface } from "node:readline";

import { fromHex, toHex } from "../bytes.js";
import { ValidatorChain } from "../chain.js";
import { registrable, verifySignature } from "../ed25519.js";
import { leafOf } from "../entry.js";
import { genesisBytesMax, readGenesis } from "../genesis.js";
import { leafHash } from "../merkle.js";
import { receiptBytesMax } from "../receipt.js";
import { Refusal } from "../refusal.js";
import { readBytes } from "./files.js";
import { judgeMerkle } from "./merkle_vectors.js";

const usage = `usage: tools/verifier/vectors KIND < vectors
  ed25519   <public key hex> <message hex or -> <signature hex or ->   per line; answers ok or err
  merkle    a JSON object per line, hashes in hex; answers ok or err, and for "kind":"root" the root in hex
  receipt   <genesis file> <file of changes of validators or -> <receipt hex>   per line; answers the part that is refused, or
            ok <index> <tree size> <root> <leaf hash> <validators signed>
`;

async function judgeEd25519(line: string): Promise<string> {
  const words = line.split(" ");
  const [key, message, signature] = words.map((word) => (word === "-" ? new Uint8Array() : fromHex(word)));
  if (words.length !== 3 || !key || !message || !signature) return "err";
  return registrable(key) && (await verifySignature(key, message, signature)) ? "ok" : "err";
}

/// Each ledger is read once.
const chains = new Map<string, Promise<ValidatorChain | undefined>>();

async function openChain(genesis: string, changes: string): Promise<ValidatorChain> {
  const chain = new ValidatorChain(await readGenesis(readBytes(genesis, genesisBytesMax)));
  if (changes !== "-") await chain.follow(readBytes(changes, 4 * receiptBytesMax));
  return chain;
}

async function judgeReceipt(line: string): Promise<string> {
  const [genesis, changes, hex, ...more] = line.split(" "), receipt = hex === undefined ? undefined : fromHex(hex);
  if (!genesis || !changes || !receipt || more.length > 0) return "err";
  const ledger = genesis + " " + changes, opened = chains.get(ledger) ?? openChain(genesis, changes).catch(() => undefined);
  chains.set(ledger, opened);
  const chain = await opened;
  if (!chain) return "err";
  try {
    const { entry, checkpoint, signers } = await chain.verify(receipt);
    return `ok ${entry.index} ${checkpoint.size} ${toHex(checkpoint.root)} ${toHex(await leafHash(await leafOf(entry)))} ${signers}`;
  } catch (error) {
    if (error instanceof Refusal) return error.part;
    throw error;
  }
}

const judges = new Map([["ed25519", judgeEd25519], ["merkle", judgeMerkle], ["receipt", judgeReceipt]]);
const [kind, ...more] = process.argv.slice(2), judge = more.length === 0 ? judges.get(kind ?? "") : undefined;
if (kind === "--help" || kind === "-h") process.stdout.write(usage);
else if (!judge) {
  process.stderr.write(usage);
  process.exitCode = 2;
} else await answerLines(judge);

/// In the order of the lines, each as soon as it is known. Some are judged at a time: WebCrypto works beside us.
async function answerLines(judge: (line: string) => Promise<string>): Promise<void> {
  const underway: Promise<void>[] = [];
  let written = Promise.resolve();
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    const answer = judge(line);
    answer.catch(() => {});   // told where it is awaited
    written = written.then(async () => void process.stdout.write((await answer) + "\n"));
    underway.push(written);
    if (underway.length >= 64) await underway.shift();
  }
  await written;
}
