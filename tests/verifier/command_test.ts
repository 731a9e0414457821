// The command that people type, beside `daftar verify`: the same facts to programs, the same exit codes, and sentences for what does not hold.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";

import { bin, Findings, root } from "./judges.js";

const data = root + "tests/verifier/data/", work = mkdtempSync(tmpdir() + "/daftar-verifier-"), findings = new Findings();
const run = (program: string[], words: string[]) => {
  const ended = spawnSync(program[0]!, [...program.slice(1), ...words], { encoding: "utf8", env: { PATH: process.env["PATH"], HOME: work } });
  return { exit: ended.status, out: ended.stdout, all: ended.stdout + ended.stderr };
};
const first = [bin + "/daftar", "verify"], second = [root + "tools/verifier/verify"];
let held = 0;
const check = (what: string, holds: boolean) => (holds ? ++held : findings.say(what));

type Facts = { [name: string]: unknown };
/// A part of what `daftar verify --json` says, in the words that both have. It also names currencies and decimals, and leaves out what is empty.
function pick(from: unknown, names: string[]): string {
  const facts = from as Facts;
  return JSON.stringify(names.map((name) => [name, facts[name] ?? (name === "rule" || name === "text" || name === "detail" || name === "subject" ? "" : name === "number" ? 0 : null)]));
}
const factNames = ["verified", "id", "index", "height", "time_ms", "kind", "origin", "tree_size", "root", "validators_signed", "validators"];
const lists: [string, string[]][] = [
  ["postings", ["account", "amount", "reason", "rule", "balance_after"]],
  ["taxes", ["rule", "version", "kind", "payer", "payee", "category", "currency", "gross", "base", "tax", "withheld", "rate_ppm"]],
  ["events", ["kind", "subject", "text"]],
];

try {
  const ledger = ["--genesis", data + "genesis.pb", "--validator-changes", data + "changes"];
  for (const name of readdirSync(data).filter((file) => file.endsWith(".receipt"))) {
    const words = [data + name, ...ledger, "--json"], a = run(first, words), b = run(second, words);
    check(`${name}: exit codes ${a.exit}, ${b.exit}`, a.exit === 0 && b.exit === 0);
    const said = JSON.parse(a.out) as Facts, says = JSON.parse(b.out) as Facts;
    check(`${name}: facts ${pick(said, factNames)} and ${pick(says, factNames)}`, pick(said, factNames) === pick(says, factNames));
    const saidResult = said["result"] as Facts, result = says["result"] as Facts;
    check(`${name}: ok`, saidResult["ok"] === result["ok"]);
    for (const [list, names] of lists) {
      const one = (saidResult[list] as unknown[]).map((row) => pick(row, names)).join("\n"), other = (result[list] as unknown[]).map((row) => pick(row, names)).join("\n");
      check(`${name}: ${list}\n${one}\nand\n${other}`, one === other);
    }
  }

  const receipt = readFileSync(data + "taxed.receipt", "utf8"), forged = work + "/forged.receipt", huge = work + "/huge";
  writeFileSync(forged, receipt.replace("AQAAAA", "AQAAAB"));
  writeFileSync(huge, "x".repeat((16 << 20) + 1));
  const refusals: [string, string[], number, RegExp][] = [
    ["a forged receipt", [forged, ...ledger], 1, /^NOT VERIFIED, (index|proof): /],
    ["without the changes", [data + "after.receipt", "--genesis", data + "genesis.pb"], 1, /^NOT VERIFIED, signatures: 1 of 3 .*--validator-changes/],
    ["a genesis that is none", [data + "taxed.receipt", "--genesis", forged], 1, /^NOT VERIFIED, genesis: /],
    ["a file that is not there", [work + "/none", ...ledger], 2, /none/],
    ["a file that is too large", [huge, ...ledger], 2, /larger than 16 MiB/],
    ["no genesis", [data + "taxed.receipt"], 2, /--genesis/],
    ["no receipt", ledger, 2, /receipt/],
    ["an option without its file", [data + "taxed.receipt", "--genesis"], 2, /needs a file/],
    ["an unknown option", [data + "taxed.receipt", ...ledger, "--quiet"], 2, /--quiet/],
    ["two receipts", [data + "taxed.receipt", data + "inner.receipt", ...ledger], 2, /one receipt/],
    ["help", ["--help"], 0, /Example:/],
  ];
  for (const [what, words, exit, said] of refusals) {
    const ended = run(second, words);
    check(`${what}: exit code ${ended.exit} instead of ${exit}, and ${ended.all}`, ended.exit === exit && said.test(ended.all));
  }
  const json = JSON.parse(run(second, [forged, ...ledger, "--json"]).out) as Facts;
  check("a refusal for programs", json["verified"] === false && json["part"] === JSON.parse(run(first, [forged, ...ledger, "--json"]).out).part);
  const people = run(second, [data + "refused.receipt", ...ledger]).out;
  check("a refused payment is told so: " + people, people.includes("It was refused with number 407") && people.includes("amount: 99999999999900"));
} finally {
  rmSync(work, { recursive: true });
}
console.log(`${held} held, ${findings.count} findings`);
process.exitCode = findings.count === 0 ? 0 : 1;
