// verify FILE --genesis FILE [--validator-changes FILE] [--json]: asks nobody.
import "./platform.js";

import { ValidatorChain } from "../chain.js";
import { describe, Json } from "../describe.js";
import { genesisBytesMax, readGenesis } from "../genesis.js";
import { receiptBytesMax } from "../receipt.js";
import { Refusal } from "../refusal.js";
import { readBytes } from "./files.js";

const usage = `usage: tools/verifier/verify FILE --genesis FILE [--validator-changes FILE] [--json]
Checks a receipt against the validators' keys of a genesis, independently of the programs that made it; asks nobody.
  --genesis FILE             the ledger that you trust: its genesis.pb
  --validator-changes FILE   how the validators changed since: from \`daftar network validators --out FILE\`
  --json                     for programs
Exit code 0: it holds; 1: it does not; 2: a mistake on the command line or a file that cannot be read.
Example:
  tools/verifier/verify payment.receipt --genesis genesis.pb
`;

class Usage extends Error {}

function argumentsOf(words: string[]) {
  const given: { file?: string; genesis?: string; changes?: string; json: boolean } = { json: false };
  for (let i = 0; i < words.length; ++i) {
    const word = words[i]!, value = () => words[++i] ?? fail(word + " needs a file");
    if (word === "--json") given.json = true;
    else if (word === "--genesis") given.genesis = value();
    else if (word === "--validator-changes") given.changes = value();
    else if (word.startsWith("-")) fail("unknown option " + word);
    else if (given.file !== undefined) fail("one receipt at a time, please");
    else given.file = word;
  }
  return given;
}

function fail(what: string): never {
  throw new Usage(what);
}

/// A text for people or an object for programs, and the exit code.
async function run(words: string[]): Promise<{ lines: string[]; data: { [name: string]: Json }; exit: number }> {
  const given = argumentsOf(words);
  if (given.file === undefined || given.genesis === undefined) fail("a receipt and --genesis are needed");
  const genesisBytes = readBytes(given.genesis, genesisBytesMax), receipt = readBytes(given.file, receiptBytesMax);
  const changes = given.changes === undefined ? new Uint8Array() : readBytes(given.changes, 4 * receiptBytesMax);
  let part = "", sentence = "", followed = 0;
  try {
    const chain = new ValidatorChain(await readGenesis(genesisBytes));
    await chain.follow(changes);
    followed = chain.changes;
    return { ...(await describe(await chain.verify(receipt))), exit: 0 };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    ({ part, sentence } = error);
  }
  if (part === "signatures")
    sentence += ` If the validators have changed since ${followed === 0 ? "the genesis" : "the changes given"}, fetch the changes with \`daftar network validators --out FILE\` and give them with --validator-changes FILE.`;
  return { lines: ["NOT VERIFIED, " + part + ": " + sentence], data: { verified: false, part, sentence }, exit: 1 };
}

const words = process.argv.slice(2);
if (words.includes("--help") || words.includes("-h")) process.stdout.write(usage);
else
  try {
    const { lines, data, exit } = await run(words);
    process.stdout.write(words.includes("--json") ? JSON.stringify(data) + "\n" : lines.join("\n") + "\n");
    process.exitCode = exit;
  } catch (error) {
    process.stderr.write("verify: " + (error instanceof Error ? error.message : String(error)) + "\n" + (error instanceof Usage ? usage : ""));
    process.exitCode = 2;
  }
