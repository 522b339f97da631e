/** What becomes of stacks where the inspector can't be had: said once, and not tried again. */
import { expect, test } from "vitest";
import { createCapture, openMainSession } from "../../../src-runtime/tracer/stack-session.ts";

test("a Node without the inspector: the reason is told once, and nothing is ever awaited", () => {
  const whys: string[] = [];
  let tries = 0;
  const capture = createCapture(
    () => {
      tries++;
      throw new Error("this Node was built without the inspector");
    },
    (why) => whys.push(why),
  );
  const answers: unknown[] = [];
  for (let turn = 0; turn < 3; turn++)
    capture.take(performance.now.bind(performance), (answer) => answers.push(answer));
  capture.stop();
  expect({ whys, tries, answers, busy: capture.busy() }).toEqual({
    whys: ["this Node was built without the inspector"],
    tries: 1,
    answers: [],
    busy: false,
  });
});

test("a Node that refuses: its code is the reason", () => {
  const whys: string[] = [];
  const capture = createCapture(
    () => {
      throw Object.assign(new Error("Access to this API has been restricted"), { code: "ERR_ACCESS_DENIED" });
    },
    (why) => whys.push(why),
  );
  capture.take(
    () => 0,
    () => expect.unreachable(),
  );
  expect(whys).toEqual(["ERR_ACCESS_DENIED"]);
});

test("the module that a Node without the inspector does not have", () => {
  const { getBuiltinModule } = process;
  process.getBuiltinModule = () => undefined;
  try {
    expect(openMainSession).toThrow("built without the inspector");
  } finally {
    process.getBuiltinModule = getBuiltinModule;
  }
});
