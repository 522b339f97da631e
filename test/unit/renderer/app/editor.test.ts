import { expect, test } from "vitest";
import {
  createEditorStore,
  EDITORS,
  editorAddress,
  isAbsolute,
  whyNot,
} from "../../../../src-renderer/state/editor.ts";

const PLACE = { path: "/home/me/my agent/src/pdf#1.ts", line: 88, column: 5 };

test("A place is filled into the editor's address, as a path or as a value of its query", () => {
  const [code] = EDITORS;
  expect(editorAddress(code?.template ?? "", PLACE)).toBe("vscode://file/home/me/my%20agent/src/pdf%231.ts:88:5");
  expect(editorAddress("webstorm://open?file={path}&line={line}", PLACE)).toBe(
    "webstorm://open?file=%2Fhome%2Fme%2Fmy%20agent%2Fsrc%2Fpdf%231.ts&line=88",
  );
  expect(editorAddress("vscode://file/{path}:{line}", { path: "C:\\src\\pdf.ts", line: 0, column: 0 })).toBe(
    "vscode://file/C:/src/pdf.ts:1",
  );
  expect(editorAddress("x://{path}", { ...PLACE, path: "/a/$&$1.ts" })).toBe("x://a/%24%26%241.ts");
});

test("Only files from the root on can be found by an editor", () => {
  expect(["/a.ts", "C:\\a.ts", "c:/a.ts", "\\\\host\\a.ts"].map(isAbsolute)).toEqual([true, true, true, true]);
  expect(["a.ts", "./a.ts", "node:fs", "C:a.ts", ""].map(isAbsolute)).toEqual([false, false, false, false, false]);
});

test("An address the browser would answer itself is refused, and so is one without a place", () => {
  for (const { template } of EDITORS) expect(whyNot(template)).toBeUndefined();
  expect(whyNot("javascript:alert('{path}')")).toContain("scheme");
  expect(whyNot("JavaScript:{path}")).toContain("scheme");
  expect(whyNot("data:text/html,{path}")).toContain("scheme");
  expect(whyNot("{path}:{line}")).toContain("scheme");
  expect(whyNot("emacs://open")).toContain("{path}");
});

test("The choice is remembered; what is not an address is not, and a spoilt memory is forgotten", () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  } as Storage;
  const first = createEditorStore(storage);
  expect(first.get()).toBe(EDITORS[0]?.template);
  expect(first.choose("zed://file/{path}:{line}")).toBeUndefined();
  expect(first.choose("javascript:{path}")).toBeDefined();
  expect(first.get()).toBe("zed://file/{path}:{line}");
  expect(createEditorStore(storage).get()).toBe("zed://file/{path}:{line}");
  kept.set("stallscope.editor", "javascript:{path}");
  expect(createEditorStore(storage).get()).toBe(EDITORS[0]?.template);
});
