/** Text as agents meet it, the same in every run. */
const WORDS =
  "the agent reads a page and answers with what it found in it while tools run search results tokens model stream step " +
  "retry limit cache vector index parser schema request response queue worker timer promise handle loop budget plan";

/** @param {number} seed */
export function createRandom(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** @param {number} count @param {number} [seed] */
export function words(count, seed = 7) {
  const list = WORDS.split(" ");
  const random = createRandom(seed);
  return Array.from({ length: count }, () => list[Math.floor(random() * list.length)]).join(" ");
}

/** @param {number} sections @param {number} [seed] */
export function markdown(sections, seed = 3) {
  return Array.from(
    { length: sections },
    (_, index) =>
      `## Section ${index}\n\n${words(40, seed + index)} **${words(3, index)}** and \`${words(1, index)}\`.\n\n- ${words(6, index)}\n- [${words(2, index)}](https://example.com/${index})\n\n> ${words(12, index)}\n\n| a | b |\n|---|---|\n| ${index} | ${words(2, index)} |\n`,
  ).join("\n");
}

/** @param {number} cards @param {number} [seed] */
export function html(cards, seed = 5) {
  const body = Array.from(
    { length: cards },
    (_, index) =>
      `<article class="card c${index % 7}" data-id="${index}"><h2>${words(4, seed + index)}</h2><p>${words(30, index)} <a href="/p/${index}">${words(2, index)}</a></p><ul><li>${words(3, index)}</li><li>${words(3, index + 1)}</li></ul></article>`,
  ).join("\n");
  return `<!doctype html><html><head><title>Results</title></head><body><main>${body}</main></body></html>`;
}

/** @param {number} count */
export function records(count) {
  const random = createRandom(11);
  return Array.from({ length: count }, (_, index) => ({
    id: index,
    name: words(2, index),
    score: random(),
    tags: words(3, index + 1).split(" "),
    nested: { url: `https://example.com/${index}`, at: 1_700_000_000 + index, ok: index % 3 === 0 },
  }));
}
