// Amounts for people: "499 885 000.00 UZS" of 49988500000 tiyin.

/// ISO 4217, list one: minor units other than 2.
const decimals = new Map([
  ...["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"].map((code): [string, number] => [code, 0]),
  ...["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"].map((code): [string, number] => [code, 3]),
  ...["CLF", "UYW"].map((code): [string, number] => [code, 4]),
]);

export function inWords(amount: bigint, currency: string): string {
  const places = decimals.get(currency) ?? 2;
  const digits = (amount < 0n ? -amount : amount).toString().padStart(places + 1, "0");
  const whole = digits.slice(0, digits.length - places).replace(/\B(?=(\d{3})+$)/g, " "), fraction = digits.slice(digits.length - places);
  return (amount < 0n ? "-" : "") + whole + (fraction ? "." + fraction : "") + " " + currency;
}

/// The currency of an account: the second part of its name, as in acme/UZS and bank/UZS/issued.
export function currencyOf(account: string): string {
  return account.split("/")[1] ?? "";
}
