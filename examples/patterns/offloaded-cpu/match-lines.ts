/** What the threads of ../offloaded-cpu.ts load. Functions get copies, and return copies. */

/** The lines that match, with their numbers from 1. With an unlucky pattern it never comes to an end. */
export function matchLines(text: string, pattern: string): readonly string[] {
  const expression = new RegExp(pattern);
  return text.split("\n").flatMap((line, index) => (expression.test(line) ? [`${index + 1}: ${line}`] : []));
}
