// What a receipt is held against: files of changes of the validators and geneses, good and mutated. Both verifiers must say the same; a genesis that the first
// takes the second must take, too (the first also judges members and rules, of which no receipt depends).
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";

import { Bytes, concat, toHex, utf8 } from "../bytes.js";
import { answers, Findings, root } from "./judges.js";

const data = root + "tests/verifier/data/", work = mkdtempSync(tmpdir() + "/daftar-verifier-");
const bytesOf = (name: string): Bytes => new Uint8Array(readFileSync(data + name));
const genesis = bytesOf("genesis.pb"), changes = bytesOf("changes");
const receipts = ["inner", "between", "after"].map((name): [string, Bytes] => [name, bytesOf(name + ".receipt")]);
const findings = new Findings();

interface Asked { what: string; line: string; same: "answer" | "verdict" | "taken"; want?: string }
const asked: Asked[] = [];
let files = 0;
const saved = (bytes: Bytes) => {
  const name = `${work}/${files++}`;
  writeFileSync(name, bytes);
  return name;
};
const ask = (what: string, same: Asked["same"], genesisFile: string, changesFile: string, wants: (string | undefined)[]) =>
  receipts.forEach(([name, receipt], i) => {
    const want = wants[i];
    asked.push({ what: `${what}, ${name}.receipt`, line: `${genesisFile} ${changesFile} ${toHex(receipt)}`, same, ...(want === undefined ? {} : { want }) });
  });
const flipped = (bytes: Bytes, at: number) => {
  const changed = bytes.slice();
  changed[at]! ^= 1 << at % 8;
  return changed;
};

// A fourth validator came, the first and the second went: {1,2,3}, {1,2,3,4}, {2,3,4}, {3,4}. Where the verdict depends on which of them happened to
// sign first, none is demanded; that both verifiers say the same always is.
const start = "c2sp.org/tlog-proof@v1\n", text = Buffer.from(changes).toString("utf8");
const [one, two, three] = text.split(start).slice(1).map((rest) => start + rest) as [string, string, string];
const between = Buffer.from(bytesOf("between.receipt")).toString("utf8");
const good = data + "genesis.pb", refused = "err";
const withChanges = (what: string, content: string, ...wants: (string | undefined)[]) => ask("changes: " + what, "answer", good, saved(utf8(content)), wants);
const all = one + two + three;
withChanges("as they are", all, "ok", "ok", "ok");
withChanges("as a JSON list", JSON.stringify([one, two, three]), "ok", "ok", "ok");
withChanges("none", "", "ok", undefined, "signatures");   // of {3,4} the genesis knows one
withChanges("an empty list", "[]", "ok", undefined, "signatures");
withChanges("the first", one, "ok", undefined, "signatures");
withChanges("the first two", one + two, "ok", "ok", "ok");  // a verifier that has not heard of the third: both of {3,4} are of {2,3,4}
for (const [what, content] of [["the last", three], ["in the other order", three + two + one], ["the second two", two + three], ["the first and the last", one + three]] as const) withChanges(what, content);
withChanges("each twice", one + one + two + two + three + three, "ok", "ok", "ok");
withChanges("the first again at the end", all + one, "ok", "ok", "ok");
withChanges("a receipt that changes nothing among them", one + two + between + three, refused, refused, refused);
withChanges("a receipt that does not hold among them", one + two.replace("index ", "index 1") + three, refused, refused, refused);
withChanges("an empty line between them", one + "\n" + two, refused, refused, refused);
withChanges("a JSON list of something else", "[1]", refused, refused, refused);
withChanges("half a JSON list", "[\"" + one, refused, refused, refused);
withChanges("nonsense", "no receipt\n", refused, refused, refused);
for (let at = 0; at < changes.length; at += 19) ask(`changes: character ${at} changed`, "verdict", good, saved(flipped(changes, at)), []);

// The strict encoding: what one of them takes the other takes. Every flip makes another ledger, so no receipt may hold.
for (let at = 0; at < genesis.length; at += at < 300 ? 1 : 29) ask(`genesis: byte ${at} flipped`, "taken", saved(flipped(genesis, at)), "-", [undefined]);
const writings: [string, Bytes][] = [
  ["a byte more", concat(genesis, new Uint8Array(1))], ["a byte less", genesis.slice(0, -1)], ["empty", new Uint8Array()],
  ["the name twice", concat(genesis.slice(0, 12), genesis)], ["an unknown field at the end", concat(genesis, new Uint8Array([0xfa, 0x01, 0x00]))],
  ["an overlong number", concat(new Uint8Array([0x8a, 0x00]), genesis.slice(1))],
];
for (const [what, bytes] of writings) ask("genesis: " + what, "answer", saved(bytes), "-", [refused, refused, refused]);
for (const line of ["", "genesis", `${good} -`, `${good} - 0`, `${good} - zz`, ` - 00`, `${good}  00`, `${good} - 00 00`]) asked.push({ what: `the line "${line.replace(good, "genesis")}"`, line, same: "answer", want: refused });
ask("no such genesis", "answer", work + "/none", "-", [refused, refused, refused]);
ask("no such changes", "answer", good, work + "/none", [refused, refused, refused]);

try {
  const lines = asked.map((line) => line.line);
  const [first, second] = await Promise.all([answers("first", "receipt", lines), answers("second", "receipt", lines)]);
  const verdict = (answer: string) => (answer.startsWith("ok ") ? "ok" : answer);
  asked.forEach(({ what, same, want }, i) => {
    const a = first[i]!, b = second[i]!;
    const agree = same === "answer" ? a === b : same === "verdict" ? a.startsWith("ok ") === b.startsWith("ok ") : a === "err" || a === b;
    if (!agree) findings.say(`${what}: the first says "${a}", the second "${b}"`);
    if (same === "taken" && (verdict(a) === "ok" || verdict(b) === "ok")) findings.say(`${what}: accepted`);
    for (const answer of [a, b]) if (want !== undefined && verdict(answer) !== want) findings.say(`${what}: "${answer}" instead of "${want}"`);
  });
  const taken = asked.filter((line, i) => line.same === "taken" && first[i] !== "err").length;
  if (taken < 50) findings.say("hardly any of the mutated geneses is taken by the first: too little is compared");
  console.log(`${asked.length} questions, ${files} files of changes and geneses, ${taken} mutated geneses taken by both; ${findings.count} findings`);
} finally {
  rmSync(work, { recursive: true });
}
process.exitCode = findings.count === 0 ? 0 : 1;
