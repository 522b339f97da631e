/** A long text that is always the same, of words that a tokenizer has to work for. */
const SYLLABLES = [
  "ka",
  "lo",
  "mi",
  "ren",
  "ta",
  "shu",
  "vel",
  "or",
  "qui",
  "zan",
  "phe",
  "ly",
  "ost",
  "gra",
  "un",
  "bex",
];

export function longText(words: number): string {
  let seed = 7;
  const next = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const word = (): string =>
    Array.from({ length: 1 + next(4) }, () => SYLLABLES[next(SYLLABLES.length)] ?? "").join("");
  return Array.from({ length: words }, word).join(" ");
}
