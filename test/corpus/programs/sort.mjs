/** Sorts results by a comparator that compares as people do. */
import { openTruth } from "../truth.mjs";
import { words } from "./text.mjs";

const truth = openTruth("programs/sort.mjs");

function sortByTitle(titles) {
  return titles.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}
function sortForPeople(titles) {
  return titles.toSorted(new Intl.Collator("en").compare);
}

const titles = (count) =>
  words(count * 3, 5)
    .split(" ")
    .map((word, index) => `${word} ${(index * 7919) % 100_003}`);
const many = titles(await truth.size("plain", 220, sortByTitle, titles));
const some = titles(await truth.size("people", 140, sortForPeople, titles));
await truth.pause();
truth.stall("plain", { function: "sortByTitle" }, () => sortByTitle(many));
await truth.pause();
truth.stall("people", { function: "sortForPeople", cause: ["own-code", "native"] }, () => sortForPeople(some));
await truth.pause();
