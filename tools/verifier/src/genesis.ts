// The genesis: which ledger it is, and whose signatures count at its beginning. Its bytes are what a verifier trusts; everything else is proved from them.
import { Bytes, toHex } from "./bytes.js";
import { registrable } from "./ed25519.js";
import { taggedHash } from "./hash.js";
import { Refusal } from "./refusal.js";
import { bytesOf, decodeMessage, integerOf, Malformed, Message, messagesOf, textOf } from "./wire.js";

export interface Genesis {
  name: string;
  ledgerId: Bytes;
  origin: string;        // <name>/<first 16 digits of the ledger id>/<epoch>, of the first epoch
  validators: Bytes[];   // checkpoint keys, by node
}

export const genesisBytesMax = 16 << 20;

export async function readGenesis(bytes: Bytes): Promise<Genesis> {
  const refuse = (what: string) => new Refusal("genesis", "This is not a genesis: " + what + ".");
  if (bytes.length > genesisBytesMax) throw refuse("it is larger than 16 MiB");
  let message: Message;
  try {
    message = decodeMessage("Genesis", bytes);
  } catch (error) {
    if (error instanceof Malformed) throw refuse(error.message);
    throw error;
  }
  const name = textOf(message, "name");
  if (!/^[a-z0-9.-]+$/.test(name)) throw refuse("its name is not of letters a-z, digits, dots and hyphens");
  const validators = messagesOf(message, "validators").map((validator, i) => {
    if (integerOf(validator, "node") !== BigInt(i + 1)) throw refuse("its validators are not numbered from 1 on");
    const key = bytesOf(validator, "checkpoint_key");
    if (!registrable(key)) throw refuse("the checkpoint key of validator " + (i + 1) + " is not one that can be used safely");
    return key;
  });
  if (validators.length === 0) throw refuse("it names no validators");
  if (new Set(validators.map(toHex)).size !== validators.length) throw refuse("two validators have one checkpoint key");
  const ledgerId = await taggedHash("daftar/genesis/v1", bytes);
  return { name, ledgerId, origin: name + "/" + toHex(ledgerId).slice(0, 16) + "/0", validators };
}
