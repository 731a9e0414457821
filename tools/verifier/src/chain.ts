// Whose signatures count under a tree of which size, followed from the genesis (docs/formats.md, "Changes of validators"): an entry that changed the
// validators is proved by a receipt under a certificate of the set before, and the new set is in force for larger trees.
import { Bytes, fromHex, fromUtf8, utf8 } from "./bytes.js";
import { registrable } from "./ed25519.js";
import { Entry, parseResult } from "./entry.js";
import { Genesis } from "./genesis.js";
import { receiptBytesMax, Verified, verifyReceipt } from "./receipt.js";
import { Refusal } from "./refusal.js";

const receiptStart = "c2sp.org/tlog-proof@v1\n";

export class ValidatorChain {
  private readonly sets: { afterSize: bigint; keys: Bytes[] }[];   // ascending by afterSize; each for trees larger than that
  private nextIndex = 0n;                                          // entries before this one have been taken
  changes = 0;

  constructor(readonly genesis: Genesis) {
    this.sets = [{ afterSize: 0n, keys: genesis.validators }];
  }

  /// Checkpoint keys in force under a tree of this size, as far as the changes taken tell.
  keysAt(size: bigint): Bytes[] {
    const later = this.sets.slice(1).filter((set) => set.afterSize < size);
    return (later.at(-1) ?? this.sets[0]!).keys;
  }

  verify(receipt: Bytes): Promise<Verified> {
    return verifyReceipt(receipt, this.genesis.origin, (size) => this.keysAt(size));
  }

  /// Receipts of the changes in order: one after another, or a JSON list of them. Empty: none.
  async follow(changes: Bytes): Promise<void> {
    for (const receipt of receiptsIn(changes)) {
      try {
        await this.take(receipt);
      } catch (error) {
        if (error instanceof Refusal) throw new Refusal(error.part, "Change of validators " + (this.changes + 1) + ": " + error.sentence);
        throw error;
      }
    }
  }

  private async take(receipt: Bytes): Promise<void> {
    const { entry, checkpoint } = await this.verify(receipt);
    const keys = validatorsAfter(entry);
    if (!keys) throw new Refusal("change", "Entry " + entry.index + " did not change the validators.");
    if (entry.index < this.nextIndex) return;
    const last = this.sets.at(-1)!;
    if (checkpoint.size < last.afterSize) throw new Refusal("order", "The receipt is of a tree before the change that was taken last.");
    if (this.changes > 0 && checkpoint.size === last.afterSize) last.keys = keys;   // two changes in one block
    else this.sets.push({ afterSize: checkpoint.size, keys });
    this.nextIndex = entry.index + 1n;
    ++this.changes;
  }
}

/// The set that an entry left behind; of two changes in one entry the last one counts. Undefined when it changed none.
function validatorsAfter(entry: Entry): Bytes[] | undefined {
  const result = parseResult(entry.result);
  const event = result?.code === 0 ? result.events.filter((one) => one.kind === "validators_changed").at(-1) : undefined;
  return event && parseValidatorSet(event.text);
}

/// `1=<hex of the checkpoint key> 2=…`, ascending by node, distinct.
function parseValidatorSet(text: string): Bytes[] | undefined {
  const keys: Bytes[] = [];
  let last = 0;
  for (const word of text.split(" ")) {
    const match = /^([1-9][0-9]{0,9})=([0-9a-f]{64})$/.exec(word);
    const key = match && fromHex(match[2]!);
    if (!key || Number(match[1]) <= last || Number(match[1]) >= 2 ** 32 || !registrable(key)) return undefined;
    last = Number(match[1]);
    keys.push(key);
  }
  return new Set(keys.map(String)).size === keys.length ? keys : undefined;
}

function receiptsIn(changes: Bytes): Bytes[] {
  const malformed = (what: string) => new Refusal("format", "This is not a file of changes of validators: " + what + ".");
  if (changes.length > 4 * receiptBytesMax) throw malformed("it is larger than 64 MiB");
  const text = fromUtf8(changes);
  if (text === undefined) throw malformed("it is not a text in UTF-8");
  if (text.startsWith("[")) {
    let list: unknown;
    try {
      list = JSON.parse(text);
    } catch {
      list = undefined;
    }
    if (!Array.isArray(list) || !list.every((one): one is string => typeof one === "string")) throw malformed("it begins like a JSON list and is not one of texts");
    return list.map(utf8);
  }
  const receipts: Bytes[] = [];
  for (let at = 0; at < text.length; ) {
    const next = text.indexOf("\n" + receiptStart, at + 1), end = next < 0 ? text.length : next + 1;
    receipts.push(utf8(text.slice(at, end)));
    at = end;
  }
  return receipts;
}
