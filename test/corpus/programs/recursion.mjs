/** A deep recursion over a tree, and one that branches. */
import { openTruth } from "../truth.mjs";

const truth = openTruth("programs/recursion.mjs");

function buildTree(depth) {
  return depth === 0 ? null : { value: depth % 7, left: buildTree(depth - 1), right: buildTree(depth - 1) };
}
function sumTree(node) {
  return node === null ? 0 : node.value + sumTree(node.left) + sumTree(node.right);
}
function sumOften(tree, rounds) {
  let sum = 0;
  for (let round = 0; round < rounds; round++) sum += sumTree(tree);
  return sum;
}

const tree = buildTree(10);
const rounds = await truth.size("tree", 280, (count) => sumOften(tree, count));
truth.stall("tree", { function: "sumTree" }, () => sumOften(tree, rounds));
await truth.pause();
