/** Clusters embeddings: a singular value decomposition with ml-matrix. */
import { Matrix, SingularValueDecomposition } from "ml-matrix";
import { openTruth } from "../truth.mjs";
import { createRandom } from "./text.mjs";

const truth = openTruth("programs/matrix.mjs");

function reduceDimensions(matrix, rounds) {
  let rank = 0;
  for (let round = 0; round < rounds; round++) rank += new SingularValueDecomposition(matrix).rank;
  return rank;
}

const random = createRandom(8);
const matrix = new Matrix(Array.from({ length: 50 }, () => Array.from({ length: 40 }, random)));
const rounds = await truth.size("svd", 600, (count) => reduceDimensions(matrix, count));
truth.stall("svd", { function: "reduceDimensions", package: "ml-matrix" }, () => reduceDimensions(matrix, rounds));
await truth.pause();
