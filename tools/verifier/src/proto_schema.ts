// Reads the description of the messages, ledger/proto/ledger.proto: the same text that docs/formats.md names. Knows as much of the language as that file
// uses: messages (also nested), fields, repeated, oneof, reserved, comments. Throws on anything else, so that nothing is silently left out.
export interface Field {
  number: number;
  name: string;
  type: string;          // bytes, string, bool, uint32, uint64, int64, or a message's name
  repeated: boolean;
  oneof: string;         // name of the oneof that it is a member of; empty: none
}
export type Schema = Map<string, Map<number, Field>>;

export const scalarTypes = ["bytes", "string", "bool", "uint32", "uint64", "int64"];

export function parseProto(text: string): Schema {
  const words = text.replace(/\/\/[^\n]*/g, "").match(/"[^"]*"|[A-Za-z0-9_.]+|[{}=;,]/g) ?? [];
  let at = 0;
  const next = () => {
    const word = words[at++];
    if (word === undefined) throw new Error("ledger.proto ends too early");
    return word;
  };
  const expect = (word: string) => {
    const found = next();
    if (found !== word) throw new Error("ledger.proto: `" + found + "` instead of `" + word + "`");
  };
  const schema: Schema = new Map();

  function field(repeated: boolean, type: string, oneof: string): Field {
    const name = next();
    expect("=");
    const number = Number(next());
    expect(";");
    if (!Number.isInteger(number) || number < 1) throw new Error("ledger.proto: number of " + name);
    return { number, name, type, repeated, oneof };
  }
  function message(): void {
    const name = next(), fields = new Map<number, Field>();
    schema.set(name, fields);
    const add = (one: Field) => {
      if (fields.has(one.number)) throw new Error("ledger.proto: two fields " + one.number + " in " + name);
      fields.set(one.number, one);
    };
    expect("{");
    for (let word = next(); word !== "}"; word = next()) {
      if (word === "message") message();
      else if (word === "reserved") while (next() !== ";");
      else if (word === "repeated") add(field(true, next(), ""));
      else if (word === "oneof") {
        const oneof = next();
        expect("{");
        for (let type = next(); type !== "}"; type = next()) add(field(false, type, oneof));
      } else add(field(false, word, ""));
    }
  }
  while (at < words.length) {
    const word = next();
    if (word === "message") message();
    else if (word === "syntax" || word === "package") while (next() !== ";");
    else throw new Error("ledger.proto: unexpected `" + word + "`");
  }
  for (const [name, fields] of schema)
    for (const one of fields.values())
      if (!scalarTypes.includes(one.type) && !schema.has(one.type)) throw new Error("ledger.proto: " + name + "." + one.name + " is of unknown type " + one.type);
  return schema;
}
