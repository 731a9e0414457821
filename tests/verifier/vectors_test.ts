// Public vectors of Ed25519 and of RFC 6962 through both verifiers, line by line, and signatures made so that only the equation with the cofactor holds.
import { readFileSync } from "node:fs";

import { ed25519 } from "@noble/curves/ed25519";

import { Bytes, concat, toHex, utf8 } from "../bytes.js";
import { answers, Findings, Judge, root } from "./judges.js";

interface Vector { line: string; want: string }
const findings = new Findings();
const data = (name: string) => readFileSync(root + "tests/ledger/data/" + name, "utf8");
const linesOf = (text: string) => text.split("\n").filter((line) => line !== "");

function ofFourWords(text: string): Vector[] {
  return linesOf(text).map((line) => ({ line: line.split(" ").slice(0, 3).join(" "), want: line.split(" ")[3]! }));
}

/// R and A moved by points of small order: the cofactor makes up for what is added to R, so a good key has then signed; a key that is moved is none, and an R
/// that is nothing but such a point (nonce 0) is refused though the equation holds.
function movedByTorsion(): Vector[] {
  const Point = ed25519.Point, order = Point.CURVE().n;
  const torsion = Point.fromHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa");   // of order 8
  const little = (bytes: Bytes) => [...bytes].reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
  const vectors: Vector[] = [], message = utf8("moved"), secret = 123456789n;
  for (const nonce of [987654321n, 0n])
    for (let ij = 0n; ij < 64n; ++ij) {
      const i = ij / 8n, j = ij % 8n;
      const key = Point.BASE.multiply(secret).add(torsion.multiplyUnsafe(j)).toBytes() as Bytes, r = (nonce === 0n ? Point.ZERO : Point.BASE.multiply(nonce)).add(torsion.multiplyUnsafe(i)).toBytes() as Bytes;
      const h = little(ed25519.CURVE.hash(concat(r, key, message)) as Bytes) % order;
      const s = ((nonce + h * secret) % order).toString(16).padStart(64, "0").match(/../g)!.reverse().join("");
      vectors.push({ line: `${toHex(key)} ${toHex(message)} ${toHex(r)}${s}`, want: j === 0n && nonce !== 0n ? "ok" : "err" });
    }
  return vectors;
}

function malformed(lines: string[]): Vector[] {
  return lines.map((line) => ({ line, want: "err" }));
}

async function compare(kind: string, vectors: Vector[], judges: Judge[]): Promise<void> {
  for (const judge of judges) {
    const said = await answers(judge, kind, vectors.map((vector) => vector.line));
    said.forEach((answer, i) => {
      if (answer !== vectors[i]!.want) findings.say(`${kind}, ${judge}: "${answer}" instead of "${vectors[i]!.want}" to ${vectors[i]!.line.slice(0, 200)}`);
    });
  }
  console.log(`${kind}: ${vectors.length} vectors, of which ${vectors.filter((one) => one.want === "ok").length} hold, through ${judges.join(", ")}`);
}

const speccheck = JSON.parse(data("ed25519_speccheck.json")) as { pub_key: string; message: string; signature: string }[];
if (speccheck.length !== 12) findings.say("not the twelve cases");
const rfc8032 = ofFourWords(data("rfc8032.txt")), some = rfc8032[0]!.line;
await compare("ed25519", [
  ...rfc8032,
  ...ofFourWords(data("ed25519_wycheproof.txt")),
  ...speccheck.map((one) => ({ line: `${one.pub_key} ${one.message} ${one.signature}`, want: "err" })),
  ...movedByTorsion(),
  ...malformed(["", "x y z", some + " -", some + "00", some.replace(" - ", " "), some.slice(1), some.replace("-", "0")]),
], ["first", "second", "second without the platform's Ed25519"]);

const one = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
const inclusion = (index: string, size: string, rest = "") => `{"kind":"inclusion","leafIdx":${index},"treeSize":${size},"root":"${one}","leafHash":"${one}"${rest}}`;
await compare("merkle", [
  ...linesOf(data("rfc6962_roots.jsonl") + data("merkle_proofs.jsonl")).map((line) => ({ line, want: String((JSON.parse(line) as { want: string }).want) })),
  { line: inclusion("0", "1"), want: "ok" }, { line: inclusion("0", "1", `,"proof":null`), want: "ok" },
  ...malformed(["", "{", "[]", "null", "7", "{}", `{"kind":7}`, `{"kind":"root"}`, `{"kind":"root","leaves":["0"]}`, `{"kind":"root","leaves":[1]}`, `{"kind":"consistency","size1":1,"size2":1}`,
    inclusion("-1", "1"), inclusion("0.0", "1"), inclusion(`"0"`, "1"), inclusion("0", "18446744073709551617"), inclusion("18446744073709551614", "18446744073709551615"),
    inclusion("0", "1", `,"proof":{}`), inclusion("0", "1", `,"proof":["00"]`), "[".repeat(100000)]),
], ["first", "second"]);
console.log(findings.count + " findings");
process.exitCode = findings.count === 0 ? 0 : 1;
