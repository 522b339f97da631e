/** Compiles the input schemas of many tools with ajv. */
const Ajv = require("ajv");
const { openTruth } = require("../truth.mjs");

const truth = openTruth("programs/validate-ajv.cjs");

function schema(index) {
  const properties = Object.fromEntries(
    Array.from({ length: 12 }, (_, field) => [
      `field${field}`,
      field % 2 === 0
        ? { type: "string", minLength: 2, pattern: `^a${index}` }
        : { type: "array", items: { type: "integer", minimum: field } },
    ]),
  );
  return { type: "object", properties, required: Object.keys(properties), additionalProperties: false };
}
function compileTools(count) {
  const ajv = new Ajv({ allErrors: true });
  return Array.from({ length: count }, (_, index) => ajv.compile(schema(index)));
}

async function main() {
  const count = await truth.size("compile", 280, compileTools);
  truth.stall("compile", { function: "compileTools", package: "ajv" }, () => compileTools(count));
  await truth.pause();
}
main();
