// What a page in a browser needs. All of it works on bytes that the caller has; nothing is fetched. A page without a bundler
// needs an import map: "@noble/curves/ed25519" and what it imports are in node_modules/@noble/*/esm. In Node.js 18 set globalThis.crypto first (cli/platform.ts).
//
//   const chain = new ValidatorChain(await readGenesis(genesisBytes));   // throws Refusal("genesis", ...)
//   await chain.follow(changesBytes);                                    // receipts of the changes of validators, or nothing
//   const { lines, data } = await describe(await chain.verify(receiptBytes));
//
// Each throws Refusal, with the part that does not hold and a sentence for people. Anything else that is thrown is a fault of this program.
export { ValidatorChain } from "./chain.js";
export { describe, type Description, type Json } from "./describe.js";
export { type Entry, parseResult, type Result } from "./entry.js";
export { type Genesis, genesisBytesMax, readGenesis } from "./genesis.js";
export { receiptBytesMax, type Verified } from "./receipt.js";
export { Refusal } from "./refusal.js";
