// Bytes and their writings. Every reader here is strict: one writing for one sequence of bytes, nothing is guessed, trimmed or left over.
export type Bytes = Uint8Array<ArrayBuffer>;

export function toHex(bytes: Bytes): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

/// Lower or upper case; undefined for anything else than pairs of hexadecimal digits.
export function fromHex(text: string): Bytes | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; ++i) bytes[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

const base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const base64Value = new Map([...base64Digits].map((digit, value) => [digit.charCodeAt(0), value]));

/// RFC 4648 §4 with padding; unused bits must be zero. The platform's atob skips blanks and forgives both.
export function fromBase64(text: string): Bytes | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const digits = text.length - padding;
  const bytes = new Uint8Array(Math.floor((digits * 6) / 8));
  let bits = 0, held = 0, at = 0;
  for (let i = 0; i < digits; ++i) {
    const value = base64Value.get(text.charCodeAt(i));
    if (value === undefined) return undefined;
    held = (held << 6) | value;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = held >> bits;
      held &= (1 << bits) - 1;
    }
  }
  return held === 0 ? bytes : undefined;
}

/// Decimal without sign or leading zeros, below 2^64.
export function fromDecimal(text: string): bigint | undefined {
  if (!/^(0|[1-9][0-9]{0,19})$/.test(text)) return undefined;
  const value = BigInt(text);
  return value < 1n << 64n ? value : undefined;
}

export function utf8(text: string): Bytes {
  return new Uint8Array(new TextEncoder().encode(text));
}

/// Undefined unless the bytes are valid UTF-8. A byte order mark is a character like any other.
export function fromUtf8(bytes: Bytes): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

export function concat(...parts: Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function equal(a: Bytes, b: Bytes): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

export function bigEndian(value: bigint, size: number): Bytes {
  const bytes = new Uint8Array(size);
  for (let i = size - 1; i >= 0; --i, value >>= 8n) bytes[i] = Number(value & 0xffn);
  return bytes;
}

/// Bytes asked for beyond the end, or left over.
export class Truncated extends Error {}

/// Reads the layouts of docs/formats.md: numbers big-endian, lengths of 32 bits. Throws Truncated. Takes no memory beyond what it was given.
export class ByteReader {
  private at = 0;
  constructor(private readonly bytes: Bytes) {}

  get left(): number {
    return this.bytes.length - this.at;
  }
  raw(size: number): Bytes {
    if (size > this.left) throw new Truncated();
    this.at += size;
    return this.bytes.subarray(this.at - size, this.at);
  }
  unsigned(size: number): bigint {
    let value = 0n;
    for (const byte of this.raw(size)) value = (value << 8n) | BigInt(byte);
    return value;
  }
  u8(): number {
    return Number(this.unsigned(1));
  }
  u16(): number {
    return Number(this.unsigned(2));
  }
  u32(): number {
    return Number(this.unsigned(4));
  }
  u64(): bigint {
    return this.unsigned(8);
  }
  i64(): bigint {
    return BigInt.asIntN(64, this.unsigned(8));
  }
  sized(): Bytes {
    return this.raw(this.u32());
  }
  end(): void {
    if (this.left !== 0) throw new Truncated();
  }
}
