// The strict encoding (docs/formats.md): the one Protobuf encoding of a message that Daftar accepts, decoded by the schema.
import { Bytes, fromUtf8 } from "./bytes.js";
import { Field, parseProto, scalarTypes } from "./proto_schema.js";
import { protoText } from "./proto_text.js";

export type Value = Bytes | string | bigint | boolean | Message;
/// Fields that are there, in the order of their numbers; a repeated one once for each element.
export interface Message {
  type: string;
  fields: { field: Field; value: Value }[];
}

const schema = parseProto(protoText);
const depthMax = 16;

/// Not the strict encoding of such a message; says where.
export class Malformed extends Error {}

export function decodeMessage(type: string, bytes: Bytes, path = type, depth = 0): Message {
  const description = schema.get(type);
  if (!description) throw new Error("no message " + type);
  if (depth > depthMax) throw new Malformed(path + ": nested too deeply");
  const message: Message = { type, fields: [] }, oneofs = new Set<string>();
  let at = 0, last = 0;

  /// Shortest form only; at most ten bytes and 64 bits.
  const varint = (): bigint => {
    let value = 0n;
    for (let i = 0; i < 10; ++i) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Malformed(path + ": ends within a number");
      value |= BigInt(byte & 0x7f) << BigInt(7 * i);
      if (byte & 0x80) continue;
      if (byte === 0 && i > 0) throw new Malformed(path + ": a number is not in its shortest form");
      if (value >= 1n << 64n) break;
      return value;
    }
    throw new Malformed(path + ": a number has more than 64 bits");
  };
  while (at < bytes.length) {
    const key = varint(), number = Number(key >> 3n), wireType = Number(key & 7n);
    const field = description.get(number);
    if (!field) throw new Malformed(path + ": unknown field " + number);
    const place = path + "." + field.name;
    if (number < last) throw new Malformed(place + ": out of order");
    if (number === last && !field.repeated) throw new Malformed(place + ": twice");
    if (field.oneof && oneofs.has(field.oneof)) throw new Malformed(place + ": a second member of " + field.oneof);
    if (field.oneof) oneofs.add(field.oneof);
    last = number;
    const isVarint = field.type === "bool" || field.type.endsWith("int32") || field.type.endsWith("int64");
    if (wireType !== (isVarint ? 0 : 2)) throw new Malformed(place + ": of another type");
    message.fields.push({ field, value: isVarint ? numberOf(field, varint(), place) : sized(field, place) });
  }
  return message;

  function sized(field: Field, place: string): Value {
    const size = varint();
    if (size > BigInt(bytes.length - at)) throw new Malformed(place + ": longer than what holds it");
    const content = bytes.subarray(at, (at += Number(size)));
    if (!scalarTypes.includes(field.type)) return decodeMessage(field.type, content, place, depth + 1);
    if (content.length === 0 && mayNotBeDefault(field)) throw new Malformed(place + ": an empty value is written out");
    if (field.type === "bytes") return content;
    const text = fromUtf8(content);
    if (text === undefined) throw new Malformed(place + ": not UTF-8");
    return text;
  }
}

/// Elements of a repeated field, and members of a oneof, say something even with the default value.
function mayNotBeDefault(field: Field): boolean {
  return !field.repeated && field.oneof === "";
}

function numberOf(field: Field, value: bigint, place: string): bigint | boolean {
  if (value === 0n && mayNotBeDefault(field)) throw new Malformed(place + ": a zero is written out");
  if (field.type === "bool") {
    if (value > 1n) throw new Malformed(place + ": neither true nor false");
    return value === 1n;
  }
  if (field.type === "uint32" && value >= 1n << 32n) throw new Malformed(place + ": more than 32 bits");
  return field.type === "int64" ? BigInt.asIntN(64, value) : value;
}

export function valuesOf(message: Message, name: string): Value[] {
  return message.fields.filter((one) => one.field.name === name).map((one) => one.value);
}
export function bytesOf(message: Message, name: string): Bytes {
  const value = valuesOf(message, name)[0];
  return value instanceof Uint8Array ? value : new Uint8Array();
}
export function textOf(message: Message, name: string): string {
  const value = valuesOf(message, name)[0];
  return typeof value === "string" ? value : "";
}
export function integerOf(message: Message, name: string): bigint {
  const value = valuesOf(message, name)[0];
  return typeof value === "bigint" ? value : 0n;
}
export function messagesOf(message: Message, name: string): Message[] {
  return valuesOf(message, name).filter((value): value is Message => typeof value === "object" && "fields" in value);
}
