/** A sentence in its parts: only the number of a stall is coloured, names are strong, code is monospace. */
import type { ReactElement } from "react";
import type { Sentence } from "../../src-main/api/api.ts";

export type SentencePart = Sentence["parts"][number];

export function SentenceText(props: { readonly parts: readonly SentencePart[] }): ReactElement {
  return (
    <>
      {props.parts.map((part, place) => (
        // The parts of a sentence have no identity but their place.
        <span key={`${place} ${part.role}`} className="part" data-role={part.role}>
          {part.text}
        </span>
      ))}
    </>
  );
}

export function sentencePlain(sentence: Sentence): string {
  return sentence.parts.map((part) => part.text).join("");
}

/** The place of the part that counts while something lasts: the stall's number, else the first number. */
export function countingPart(parts: readonly SentencePart[]): number {
  const stall = parts.findIndex((part) => part.role === "stall");
  return stall >= 0 ? stall : parts.findIndex((part) => part.role === "number");
}

/** The same sentence with its counting number replaced. */
export function withNumber(parts: readonly SentencePart[], text: string): readonly SentencePart[] {
  const place = countingPart(parts);
  return parts.map((part, at) => (at === place ? { ...part, text } : part));
}
