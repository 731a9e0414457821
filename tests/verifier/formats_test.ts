// docs/formats.md suffices to write a verifier: its examples, read by this one. The first verifier made them (tests/ledger/formats_test.cc).
import { readFileSync } from "node:fs";

import { Bytes, concat, equal, fromBase64, fromHex, toHex, utf8 } from "../bytes.js";
import { describe } from "../describe.js";
import { registrable, verifySignature } from "../ed25519.js";
import { leafOf, parseEntry } from "../entry.js";
import { readGenesis } from "../genesis.js";
import { taggedHash } from "../hash.js";
import { leafHash } from "../merkle.js";
import { verifyReceipt } from "../receipt.js";
import { Refusal } from "../refusal.js";
import { bytesOf, decodeMessage, integerOf, Malformed, Message, messagesOf, textOf, valuesOf } from "../wire.js";
import "../cli/platform.js";
import { Findings, root } from "./judges.js";

const page = readFileSync(root + "docs/formats.md", "utf8"), findings = new Findings();
let held = 0;
const check = (what: string, holds: boolean) => (holds ? ++held : findings.say(what + " does not hold"));
const text = (name: string) => new RegExp("```text example=" + name + "\n([^`]*)```").exec(page)?.[1] ?? "";
/// All the hexadecimal digits of a block; in a dump of fields those before their names.
const bytes = (name: string): Bytes => fromHex(text(name).split("\n").map((line) => line.trim().split(" ")[0]!).join("")) ?? new Uint8Array();
const digest = async (name: string, hash: Promise<Bytes>) => check(name, equal(bytes(name), await hash));

/// The names of a dump in the order in which the fields stand, as the page writes them, indented.
const namesIn = (message: Message, indent = ""): string[] =>
  message.fields.flatMap(({ field, value }) => [indent + field.name, ...(typeof value === "object" && "fields" in value ? namesIn(value, indent + "  ") : [])]);
const namesShown = (name: string) => text(name).trimEnd().split("\n").map((line) => line.replace(/^( *)[0-9a-f]+ {2}(.*)$/, "$1$2"));
const dump = (name: string, type: string) => check("dump of the " + name, namesIn(decodeMessage(type, bytes(name))).join() === namesShown(name).join());

// Transaction.
dump("body", "TransactionBody");
dump("block", "Block");
dump("genesis", "Genesis");
const body = decodeMessage("TransactionBody", bytes("body")), envelope = decodeMessage("Envelope", bytes("envelope"));
const transfer = messagesOf(messagesOf(body, "operations")[0]!, "transfer")[0]!, signature = messagesOf(envelope, "signatures")[0]!;
check("body in the envelope", equal(bytesOf(envelope, "body"), bytes("body")));
check("amount", integerOf(transfer, "amount") === 1250000n && textOf(transfer, "to") === "globex/UZS");
await digest("transaction id", taggedHash("daftar/transaction/v1", bytes("body")));
await digest("envelope hash", taggedHash("daftar/envelope/v1", bytes("envelope")));
check("member key", registrable(bytes("member key")) && equal(bytesOf(signature, "public_key"), bytes("member key")));
const signed = concat(utf8("daftar/transaction-signature/v1\0"), bytes("body"));
check("signature", await verifySignature(bytes("member key"), signed, bytes("signature")));
check("signature of something else refused", !(await verifySignature(bytes("member key"), bytes("body"), bytes("signature"))));
await digest("block hash", taggedHash("daftar/block/v1", bytes("block")));
check("envelope in the block", equal(valuesOf(decodeMessage("Block", bytes("block")), "envelopes")[0] as Bytes, bytes("envelope")));

// Entry, leaf, checkpoint, receipt.
const entry = parseEntry(bytes("entry"))!;
check("leaf", equal(await leafOf(entry), bytes("leaf")));
check("size of the leaf", bytes("leaf").length === 122);
await digest("leaf hash", leafHash(bytes("leaf")));
const keys = text("checkpoint keys").trimEnd().split("\n").map((line) => fromBase64(line.split("+").slice(2).join("+"))!.slice(1));
const receipt = utf8(text("receipt")), origin = "example/4c30e48ae449752d/0";
const verified = await verifyReceipt(receipt, origin, () => keys);
check("receipt", verified.signers === 3 && verified.checkpoint.size === 5n && equal(await leafOf(verified.entry), bytes("leaf")));
const refusal = async (otherOrigin: string, otherKeys: Bytes[]) => verifyReceipt(receipt, otherOrigin, () => otherKeys).then(() => "", (error: Refusal) => error.part);
check("of another ledger refused", (await refusal("example/4c30e48ae449752d/1", keys)) === "origin");
check("under other keys refused", (await refusal(origin, [bytes("member key")])) === "signatures");
check("without validators refused", (await refusal(origin, [])) === "signatures");

// What is shown is held together by the hashes, too: validators who sign a transaction under another id, or with another nonce, are found out; and nobody's text
// reaches the terminal as anything but text.
const real = parseEntry(fromBase64(/extra (.*)/.exec(readFileSync(root + "tests/verifier/data/taxed.receipt", "utf8"))![1]!)!)!;
const shown = async (changes: Partial<typeof real>) =>
  describe({ ...verified, entry: { ...real, ...changes } }).then(({ lines }) => lines.join("\n"), (error: Refusal) => error.part);
const replaced = (all: Bytes, from: string, to: string) => new Uint8Array(Buffer.from(Buffer.from(all).toString("latin1").replace(from, to), "latin1"));
check("a real entry shown", (await shown({})).includes("reference: invoice-17"));
check("another id refused", (await shown({ id: bytes("transaction id") })) === "entry");
check("another nonce refused", (await shown({ nonce: entry.nonce })) === "entry");
check("an envelope that is none refused", (await shown({ envelope: bytes("body") })) === "entry");
check("a result that is none refused", (await shown({ result: utf8("the result's own encoding") })) === "result");
const disguised = await shown({ result: replaced(real.result, "payment", "pay\u001b[2J") });
check("no control character shown", disguised.includes("pay\ufffd[2J") && !/[\u0000-\u0009\u000b-\u001f\u007f]/.test(disguised));

// Genesis.
const genesis = await readGenesis(bytes("genesis"));
check("ledger id", equal(genesis.ledgerId, bytes("ledger id")) && genesis.origin === origin);
check("validator of the genesis", genesis.validators.map(toHex).join() === toHex(keys[0]!));

// The strict encoding, sentence by sentence.
const malformed = (what: string, type: string, hex: string) => {
  try {
    decodeMessage(type, fromHex(hex)!);
    findings.say("taken: " + what);
  } catch (error) {
    check(what, error instanceof Malformed);
  }
};
malformed("fields out of order", "Transfer", "1201610a0162");
malformed("elements of a repeated field apart", "ProposeNodeChange", "0a0010010a00");
malformed("an unknown field", "Transfer", "3a0161");
malformed("a singular field twice", "Transfer", "0a01610a0162");
malformed("two members of a oneof", "ContractValue", "0a016110011a00");
malformed("another wire type", "Transfer", "1a0161");
malformed("a fixed wire type", "Transfer", "0d00000000");
malformed("an overlong varint", "Transfer", "18818000");
malformed("a varint of 65 bits", "Transfer", "18ffffffffffffffffff03");
malformed("a varint that does not end", "Transfer", "18ff");
malformed("33 bits for 32", "RegisterMember", "488080808010");
malformed("a bool of 2", "ChangeKey", "1802");
malformed("a zero written out", "Transfer", "1800");
malformed("a false written out", "ChangeKey", "1800");
malformed("an empty text written out", "Transfer", "0a00");
malformed("a length beyond the end", "Transfer", "0a0261");
malformed("a message longer than what holds it", "Envelope", "12030a0161" + "00");
malformed("text that is not UTF-8", "Transfer", "0a01ff");
malformed("text of a surrogate", "Transfer", "0a03eda080");
const taken = (what: string, type: string, hex: string, count: number) => check(what, decodeMessage(type, fromHex(hex)!).fields.length === count);
taken("an empty element of a repeated field", "RegisterMember", "3a00", 1);
taken("an empty message", "Operation", "0a00", 1);
taken("a zero in a oneof", "ContractValue", "0a01611000", 2);
check("a negative number", integerOf(decodeMessage("AdjustBudgetLine", fromHex("10ffffffffffffffffff01")!), "delta") === -1n);

console.log(`${held} held, ${findings.count} findings`);
process.exitCode = findings.count === 0 ? 0 : 1;
