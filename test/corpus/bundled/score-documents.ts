/** A module of the bundled program: scores documents for a query. */
export interface Document {
  readonly title: string;
  readonly words: readonly string[];
}

export function scoreDocuments(documents: readonly Document[], query: string, rounds: number): number {
  let best = 0;
  for (let round = 0; round < rounds; round++) {
    for (const document of documents) {
      let score = document.title.length % 3;
      for (const word of document.words) {
        if (word.charCodeAt(0) === query.charCodeAt(round % query.length)) score += word.length;
      }
      if (score > best) best = score;
    }
  }
  return best;
}
