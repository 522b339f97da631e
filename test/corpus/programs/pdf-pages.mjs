/** Writes and reads a PDF with pdf-lib; its promises never let the loop turn at these speeds. */
import { PDFDocument, StandardFonts } from "pdf-lib";
import { openTruth } from "../truth.mjs";
import { words } from "./text.mjs";

const truth = openTruth("programs/pdf-pages.mjs");

async function drawReport(pages) {
  const pdf = await PDFDocument.create();
  const font = await pdf.embedFont(StandardFonts.Helvetica);
  for (let number = 0; number < pages; number++) {
    const page = pdf.addPage();
    for (let line = 0; line < 30; line++) page.drawText(words(10, line), { x: 40, y: 760 - line * 20, size: 12, font });
  }
  return pdf;
}
async function readPdf(bytes) {
  return PDFDocument.load(bytes, { parseSpeed: Infinity });
}

const pdf = await drawReport(4);
await truth.pause();
const bytes = await pdf.save({ objectsPerTick: 50, useObjectStreams: false });
let copies = 2;
for (let took = 0; took < 15;) {
  copies *= 2;
  const start = truth.now();
  for (let turn = 0; turn < copies; turn++) await readPdf(bytes);
  took = truth.now() - start;
  await truth.pause(1);
}
await truth.pause();
const rounds = copies * 10;
await truth.starve(
  "load",
  { function: "load", package: "pdf-lib", cause: ["own-code", "starvation"], kind: "stall" },
  async () => {
    for (let turn = 0; turn < rounds; turn++) await readPdf(bytes);
  },
);
await truth.pause();
