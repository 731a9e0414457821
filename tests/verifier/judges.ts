// The two verifiers, as programs that answer lines: `daftar-vectors KIND` of build/bin, or of the folder that DAFTAR_BIN_DIR names, and the second verifier's own.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../../../", import.meta.url));
export const bin = process.env["DAFTAR_BIN_DIR"] ?? root + "build/bin";
const programs = {
  first: [bin + "/daftar-vectors"],
  second: [process.execPath, "--no-warnings", root + "build/verifier/out/cli/vectors.js"],
  "second without the platform's Ed25519": [process.execPath, "--no-warnings", "--import", root + "build/verifier/out/test/no_platform_ed25519.js", root + "build/verifier/out/cli/vectors.js"],
};
export type Judge = keyof typeof programs;

export async function answers(judge: Judge, kind: string, lines: string[]): Promise<string[]> {
  const [program, ...words] = [...programs[judge], kind];
  const child = spawn(program!, words, { stdio: ["pipe", "pipe", "inherit"] });
  const said: Buffer[] = [];
  child.stdout.on("data", (part: Buffer) => said.push(part));
  child.stdin.on("error", () => {});   // a program that ended early: its exit code tells
  child.stdin.end(lines.map((line) => line + "\n").join(""));
  const exit = await new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
  if (exit !== 0) throw new Error(`${judge} verifier, ${kind}: exit code ${exit}`);
  const answered = Buffer.concat(said).toString("utf8").split("\n").slice(0, -1);
  if (answered.length !== lines.length) throw new Error(`${judge} verifier, ${kind}: ${answered.length} answers to ${lines.length} lines`);
  return answered;
}

/// What did not hold; printed as it is found, a dozen at most.
export class Findings {
  count = 0;
  say(what: string): void {
    if (++this.count <= 12) console.log("  " + what);
  }
}
