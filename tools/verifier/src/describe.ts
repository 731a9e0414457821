// What a verified receipt says, for people and for programs. Only what the validators signed is shown: everything comes from the entry and the checkpoint.
import { Bytes, equal, toHex } from "./bytes.js";
import { Entry, parseResult, Result } from "./entry.js";
import { taggedHash } from "./hash.js";
import { Verified } from "./receipt.js";
import { Refusal } from "./refusal.js";
import { bytesOf, decodeMessage, integerOf, Malformed, Message, messagesOf, textOf, Value } from "./wire.js";

export type Json = string | number | boolean | Json[] | { [name: string]: Json };

export interface Description {
  lines: string[];
  data: { [name: string]: Json };
}

export async function describe(verified: Verified): Promise<Description> {
  const { entry, checkpoint } = verified;
  const time = new Date(Number(entry.timeMs)).toISOString();
  const result = parseResult(entry.result);
  if (!result) throw new Refusal("result", "The entry's result is proved but cannot be read by this program.");
  const data: Description["data"] = {
    verified: true, id: toHex(entry.id), index: Number(entry.index), height: Number(entry.height), time_ms: Number(entry.timeMs), time, kind: entry.kind,
    origin: checkpoint.origin, tree_size: Number(checkpoint.size), root: toHex(checkpoint.root), validators_signed: verified.signers, validators: verified.validators,
  };
  const lines = [
    `VERIFIED: entry ${entry.index} of ledger ${checkpoint.origin}, in block ${entry.height} of ${time}`,
    `It is in the tree of ${checkpoint.size} entries with root ${toHex(checkpoint.root)}, which ${verified.signers} of ${verified.validators} validators have signed.`,
  ];
  if (entry.kind === "transaction") {
    const transaction = await describeTransaction(entry);
    lines.push(...transaction.lines);
    data.transaction = transaction.data;
  } else lines.push("A deadline that the ledger fired itself: " + toHex(entry.id));
  lines.push(...describeResult(result));
  data.result = resultData(result);
  return { lines: lines.map(printable), data };
}

/// The transaction as its sender signed it. That its id and nonce are those of the entry is checked here: the leaf holds the id and the envelope side by side.
async function describeTransaction(entry: Entry): Promise<Description> {
  let envelope: Message, body: Message;
  try {
    envelope = decodeMessage("Envelope", entry.envelope);
    body = decodeMessage("TransactionBody", bytesOf(envelope, "body"));
  } catch (error) {
    if (error instanceof Malformed) throw new Refusal("entry", "The transaction is proved but cannot be read by this program: " + error.message + ".");
    throw error;
  }
  if (!equal(await taggedHash("daftar/transaction/v1", bytesOf(envelope, "body")), entry.id) || !equal(bytesOf(body, "nonce"), entry.nonce))
    throw new Refusal("entry", "The transaction inside the entry is not the one whose id the entry bears.");
  const operations = messagesOf(body, "operations"), signers = messagesOf(envelope, "signatures").map((one) => toHex(bytesOf(one, "public_key")));
  const lines = ["transaction " + toHex(entry.id), "by " + textOf(body, "sender") + ", signed with " + signers.join(", ")];
  operations.forEach((operation, i) => {
    lines.push(`  ${i + 1}. ${operation.fields[0]?.field.name ?? "nothing"}`);
    for (const { value } of operation.fields) if (isMessage(value)) lines.push(...fieldLines(value, "       "));
  });
  return {
    lines,
    data: { sender: textOf(body, "sender"), signed_with: signers, valid_until_ms: Number(integerOf(body, "valid_until_ms")), operations: operations.map(messageData) },
  };
}

function describeResult(result: Result): string[] {
  if (result.code !== 0) {
    const detail = result.detail ? ", " + result.detail : "";
    return [`It was refused with number ${result.code} (docs/refusals.md), by its operation ${result.failedOperation + 1}${detail}. It changed nothing.`];
  }
  return ["It did, with amounts in minor units of the currency (tiyin, cent):",
    ...result.postings.map((one) => `  ${one.account} ${one.amount < 0n ? "gives" : "receives"} ${one.amount < 0n ? -one.amount : one.amount} (${one.reason}${one.rule ? " " + one.rule : ""}), then has ${one.balanceAfter}`),
    ...result.taxes.map((one) => `  tax ${one.rule}/${one.version}: ${one.tax} ${one.currency} on ${one.base} paid to ${one.payee}, of which ${one.withheld} withheld now`),
    ...result.events.map((one) => `  ${one.kind} ${one.subject}${one.number ? " " + one.number : ""}${one.amount ? ", " + one.amount : ""}${one.text ? ": " + one.text : ""}`)];
}

/// Amounts as text: a number of JSON is not exact beyond 2^53.
function resultData(result: Result): Json {
  return {
    ok: result.code === 0, number: result.code, detail: result.detail, failed_operation: result.failedOperation,
    postings: result.postings.map((one) => ({ account: one.account, amount: String(one.amount), reason: one.reason, rule: one.rule, balance_after: String(one.balanceAfter) })),
    taxes: result.taxes.map((one) => ({
      rule: one.rule, version: one.version, kind: one.kind, payer: one.payer, payee: one.payee, category: one.category, currency: one.currency,
      gross: String(one.gross), base: String(one.base), tax: String(one.tax), withheld: String(one.withheld), rate_ppm: one.ratePpm,
    })),
    events: result.events.map((one) => ({ kind: one.kind, subject: one.subject, number: one.number, amount: String(one.amount), text: one.text })),
  };
}

function isMessage(value: Value): value is Message {
  return typeof value === "object" && "fields" in value;
}

function fieldLines(message: Message, indent: string): string[] {
  return message.fields.flatMap(({ field, value }) => {
    if (isMessage(value)) return [indent + field.name, ...fieldLines(value, indent + "  ")];
    const [first, ...more] = (value instanceof Uint8Array ? toHex(value as Bytes) : String(value)).split("\n");
    return [indent + field.name + ": " + first, ...more.map((line) => indent + "  " + line)];
  });
}

/// A text of somebody else's must not move the cursor of a terminal, turn the direction of writing, or begin a line of its own.
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "\ufffd");
}

function messageData(message: Message): Json {
  const data: { [name: string]: Json } = {};
  for (const { field, value } of message.fields) {
    const one: Json = isMessage(value) ? messageData(value) : value instanceof Uint8Array ? toHex(value as Bytes) : typeof value === "bigint" ? String(value) : value;
    const list = data[field.name];
    if (!field.repeated) data[field.name] = one;
    else if (Array.isArray(list)) list.push(one);
    else data[field.name] = [one];
  }
  return data;
}
