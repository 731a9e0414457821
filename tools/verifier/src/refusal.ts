// What is wrong, and with which part. The parts are those of `daftar verify` (docs/formats.md, "Receipt"): format, entry, index, proof, checkpoint,
// origin, signatures; of changes of the validators also change, order; and genesis.
export class Refusal extends Error {
  constructor(readonly part: string, readonly sentence: string) {
    super(part + ": " + sentence);
  }
}
