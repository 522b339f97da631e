import { openTruth } from "../truth.mjs";

// test/corpus/programs/text.mjs
/** Text as agents meet it, the same in every run. */
const WORDS = "the agent reads a page and answers with what it found in it while tools run search results tokens model stream step retry limit cache vector index parser schema request response queue worker timer promise handle loop budget plan";
/** @param {number} seed */
function createRandom(seed) {
	let state = seed;
	return () => {
		state = Math.imul(state, 1664525) + 1013904223 >>> 0;
		return state / 2 ** 32;
	};
}
/** @param {number} count @param {number} [seed] */
function words(count, seed = 7) {
	const list = WORDS.split(" ");
	const random = createRandom(seed);
	return Array.from({ length: count }, () => list[Math.floor(random() * list.length)]).join(" ");
}

// test/corpus/bundled/score-documents.ts
function scoreDocuments(documents, query, rounds) {
	let best = 0;
	for (let round = 0; round < rounds; round++) for (const document of documents) {
		let score = document.title.length % 3;
		for (const word of document.words) if (word.charCodeAt(0) === query.charCodeAt(round % query.length)) score += word.length;
		if (score > best) best = score;
	}
	return best;
}

// test/corpus/bundled/main.ts
/**
* Sources of two programs of the corpus: `programs/bundled.mjs` (source map beside it) and
* `programs/minified.mjs` (minified, source map inside). `node test/corpus/bundle.js` builds them.
*/
const truth = openTruth("bundled/main.ts");
const documents = Array.from({ length: 60 }, (_, index) => ({
	title: `Document ${index}`,
	words: words(80, index).split(" ")
}));
async function answer(query) {
	const rounds = await truth.size("score", 230, (count) => scoreDocuments(documents, query, count));
	truth.stall("score", {
		function: "scoreDocuments",
		file: "bundled/score-documents.ts"
	}, () => scoreDocuments(documents, query, rounds));
	await truth.pause();
}
await answer("agent");

export { answer };
//# sourceMappingURL=bundled.mjs.map