// Receipts of a real network and all their mutations: both verifiers must say the same of every one, down to the part that they refuse, accept none that
// changes what the validators signed, and prove nothing else by those they accept.
import { readdirSync, readFileSync } from "node:fs";

import { Bytes } from "../bytes.js";
import { answers, Findings, root } from "./judges.js";
import { crossed, Mutation, mutations } from "./mutations.js";

const folder = process.argv[2] ?? root + "tests/verifier/data";
const names = readdirSync(folder).filter((name) => name.endsWith(".receipt")).sort();
const receipts = new Map(names.map((name): [string, Bytes] => [name, new Uint8Array(readFileSync(folder + "/" + name))]));
const findings = new Findings();

/// `ok` and the facts; without how many have signed.
const facts = (answer: string) => answer.split(" ").slice(0, 5).join(" ");

interface Asked extends Mutation {
  name: string;
  line: string;
}
const asked: Asked[] = [];
const ask = (name: string, mutation: Mutation) =>
  asked.push({ ...mutation, name, line: `${folder}/genesis.pb ${folder}/changes ${Buffer.from(mutation.receipt).toString("hex")}` });
for (const [name, receipt] of receipts) {
  ask(name, { what: "as it is", changesSigned: false, receipt });
  for (const mutation of mutations(receipt, name === "inner.receipt")) ask(name, mutation);
  for (const [other, another] of receipts) if (other !== name && !Buffer.from(another).equals(receipt) && other !== "three-signatures.receipt" && name !== "three-signatures.receipt") ask(name, crossed(another, receipt));
}

const lines = asked.map((one) => one.line);
const [first, second] = await Promise.all([answers("first", "receipt", lines), answers("second", "receipt", lines)]);
const proved = new Map<string, string>(), refusals = new Map<string, number>();
let accepted = 0;
asked.forEach(({ name, what, changesSigned }, i) => {
  const one = first[i]!, two = second[i]!, place = `${name}, ${what}`;
  if (one !== two) findings.say(`${place}: the first says "${one}", the second "${two}"`);
  if (what === "as it is") {
    if (!one.startsWith("ok ")) findings.say(`${place}: refused, ${one}`);
    proved.set(name, facts(one));
  }
  for (const answer of [one, two]) {
    if (!answer.startsWith("ok ")) continue;
    if (changesSigned) findings.say(`${place}: accepted`);
    else if (facts(answer) !== proved.get(name)) findings.say(`${place}: proves something else, ${answer}`);
  }
  if (one.startsWith("ok ")) ++accepted;
  else refusals.set(one, (refusals.get(one) ?? 0) + 1);
});
// The set reaches every reason for which a receipt is refused.
for (const part of ["format", "entry", "index", "proof", "checkpoint", "origin", "signatures"]) if (!refusals.has(part)) findings.say(`no mutation is refused for its ${part}`);
console.log(`${receipts.size} receipts, ${asked.length} writings of them: ${accepted} accepted, refused for ${[...refusals].sort().map(([part, count]) => `${part} ${count}`).join(", ")}; ${findings.count} findings`);
process.exitCode = findings.count === 0 && receipts.size > 0 ? 0 : 1;
