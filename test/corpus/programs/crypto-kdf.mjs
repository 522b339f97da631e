/** Derives keys with Node's synchronous functions. */
import { pbkdf2Sync, scryptSync } from "node:crypto";
import { openTruth } from "../truth.mjs";

const truth = openTruth("programs/crypto-kdf.mjs");

function hashPassword(rounds) {
  return pbkdf2Sync("secret", "salt", rounds * 500, 64, "sha512");
}
function deriveKeys(count) {
  for (let index = 0; index < count; index++) scryptSync("secret", `salt${index}`, 64, { N: 1024 });
}

const rounds = await truth.size("pbkdf2", 350, hashPassword);
const count = await truth.size("scrypt", 120, deriveKeys);
truth.stall("pbkdf2", { function: "hashPassword", cause: "native" }, () => hashPassword(rounds));
await truth.pause();
truth.stall("scrypt", { function: "deriveKeys", cause: "native" }, () => deriveKeys(count));
await truth.pause();
