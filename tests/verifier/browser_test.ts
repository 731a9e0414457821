// The library part needs nothing that a browser lacks: its modules, as compiled, are linked in a fresh realm that has WebCrypto, TextEncoder and TextDecoder besides
// the language, and no Node.js. The paths of imports are resolved as a page's import map does.
import { readFileSync } from "node:fs";
import vm from "node:vm";
import { webcrypto } from "node:crypto";

import { Findings, root } from "./judges.js";

/// A part of Node.js's experimental modules in realms; @types/node describes it only in part.
interface RealmModule { link(linker: (specifier: string, from: { identifier: string }) => RealmModule): Promise<void>; evaluate(): Promise<void>; namespace: { [name: string]: unknown }; identifier: string }
const { SourceTextModule } = vm as unknown as { SourceTextModule: new (source: string, options: { context: vm.Context; identifier: string }) => RealmModule };

const out = root + "build/verifier/out/", data = root + "tests/verifier/data/", findings = new Findings();
const importMap: { [prefix: string]: string } = { "@noble/curves/": "@noble/curves/esm/", "@noble/hashes/": "@noble/hashes/esm/" };
const realm = vm.createContext({ crypto: webcrypto, TextEncoder, TextDecoder }), modules = new Map<string, RealmModule>();

function load(file: string): RealmModule {
  const known = modules.get(file);
  if (known) return known;
  const module = new SourceTextModule(readFileSync(file, "utf8"), { context: realm, identifier: file });
  modules.set(file, module);
  return module;
}

function resolve(specifier: string, from: { identifier: string }): RealmModule {
  if (specifier.startsWith(".")) return load(new URL(specifier, "file://" + from.identifier).pathname);
  const prefix = Object.keys(importMap).find((one) => specifier.startsWith(one));
  if (!prefix) throw new Error(from.identifier + " imports " + specifier + ", which no browser has");
  const file = importMap[prefix] + specifier.slice(prefix.length);
  return load(root + "build/verifier/node_modules/" + (file.endsWith(".js") ? file : file + ".js"));
}

const page = new SourceTextModule(`
  import { ValidatorChain, describe, readGenesis, Refusal } from "./index.js";
  import { fromBase64 } from "./bytes.js";
  const missing = (name) => typeof globalThis[name] === "undefined";
  export const withoutNode = ["process", "Buffer", "require", "global"].every(missing);
  export async function verify(genesis, changes, receipt) {
    try {
      const chain = new ValidatorChain(await readGenesis(fromBase64(genesis)));
      await chain.follow(fromBase64(changes));
      return (await describe(await chain.verify(fromBase64(receipt)))).lines[0];
    } catch (error) {
      return error instanceof Refusal ? "NOT VERIFIED, " + error.part : String(error);
    }
  }`, { context: realm, identifier: out + "page.js" });
await page.link(resolve);
await page.evaluate();
const verify = page.namespace["verify"] as (genesis: string, changes: string, receipt: string) => Promise<string>;
const inBase64 = (name: string) => readFileSync(data + name).toString("base64");

if (page.namespace["withoutNode"] !== true) findings.say("the realm is not without Node.js");
const expected: [string, string, RegExp][] = [
  ["after.receipt", "changes", /^VERIFIED: entry [0-9]+ of ledger daftar-dev\//], ["taxed.receipt", "changes", /^VERIFIED: entry 1 /], ["deadline.receipt", "changes", /^VERIFIED: /],
  ["genesis.pb", "changes", /^NOT VERIFIED, format$/],
];
for (const [receipt, changes, said] of expected) {
  const line = await verify(inBase64("genesis.pb"), inBase64(changes), inBase64(receipt));
  if (!said.test(line)) findings.say(`${receipt}: "${line}"`);
}
if ((await verify(inBase64("genesis.pb"), "", inBase64("after.receipt"))) !== "NOT VERIFIED, signatures") findings.say("after.receipt without the changes is not refused");
console.log(`${modules.size} modules, ${expected.length + 1} receipts; ${findings.count} findings`);
process.exitCode = findings.count === 0 ? 0 : 1;
