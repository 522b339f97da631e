/** Renders prompts with handlebars; compiling happens at the first call of each. */
const Handlebars = require("handlebars");
const { openTruth } = require("../truth.mjs");
const { words } = require("./text.mjs");

const truth = openTruth("programs/templates.cjs");

function preparePrompts(count) {
  let length = 0;
  for (let index = 0; index < count; index++) {
    const source = `{{#each items}}{{#if this}}${words(20, index)} {{this}}{{else}}-{{/if}}{{/each}} {{name}} ${index}`;
    length += Handlebars.precompile(source).length;
  }
  return length;
}

async function main() {
  const count = await truth.size("prompts", 250, preparePrompts);
  truth.stall("prompts", { function: "preparePrompts", package: "handlebars" }, () => preparePrompts(count));
  await truth.pause();
}
main();
