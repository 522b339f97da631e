/** Teams: all at once, one after the other, and one above the others. */
import { describe, expect, test } from "vitest";
import {
  ExceptionGroup,
  FatalError,
  UsageError,
  createTask,
  getSuppressed,
  sleep,
} from "../../../../src-runtime/index.ts";
import { agent, type Agent } from "../../../../src-runtime/agent/agent.ts";
import { scriptedModel, type Script } from "../../../../src-runtime/agent/scripted-model.ts";
import { team } from "../../../../src-runtime/agent/team.ts";
import { tool } from "../../../../src-runtime/agent/tool.ts";
import { runJumping, tasksThat } from "../jumping-run.ts";

function member(name: string, script: Script): Agent {
  return agent({ name, description: `Knows ${name}.`, model: scriptedModel(script), retry: { retries: 0 } });
}

describe("fan-out", () => {
  test("asks all at once, and gives their answers in their order", () =>
    runJumping(async (run) => {
      const members = [member("slow", [{ delay: 100, text: "late" }]), member("quick", [{ delay: 10, text: "early" }])];
      const result = await team.fanOut({ name: "both", members }).run("x");
      expect(run.clock.now()).toBe(100);
      expect(result).toMatchObject({
        degraded: false,
        text: "## slow\n\nlate\n\n## quick\n\nearly",
        members: [
          { agent: "slow", status: "completed", result: { text: "late" } },
          { agent: "quick", status: "completed", result: { text: "early" } },
        ],
      });
      expect(result.usage.inputTokens).toBe(20);
      expect(tasksThat("task.created", run).slice(0, 4)).toEqual(["main", "both", "slow", "quick"]);
    }));

  test("a member that fails is marked; the others go on", () =>
    runJumping(async () => {
      const members = [member("broken", [{ error: { status: 400 } }]), member("fine", [{ delay: 50, text: "ok" }])];
      const result = await team.fanOut({ name: "both", members }).run("x");
      expect(result).toMatchObject({
        degraded: true,
        text: "## fine\n\nok",
        members: [{ agent: "broken", status: "failed", error: { statusCode: 400 } }, { status: "completed" }],
      });
    }));

  test("or takes the others with it", () =>
    runJumping(async (run) => {
      const members = [member("broken", [{ delay: 10, error: { status: 400 } }]), member("slow", [{ hang: true }])];
      const both = team.fanOut({ name: "both", members, onError: "cancel" });
      await expect(both.run("x")).rejects.toMatchObject({ statusCode: 400 });
      expect(run.clock.now()).toBe(10);
      expect(tasksThat("task.cancelled", run)).toContain("slow");
    }));

  test("when all fail, it fails with every error, in the order of the members", () =>
    runJumping(async () => {
      const members = ["a", "b"].map((name, index) =>
        member(name, [{ delay: 20 - 10 * index, error: new Error(`${name} is down`) }]),
      );
      const error = await team
        .fanOut({ name: "both", members })
        .run("x")
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ExceptionGroup);
      expect(error).toMatchObject({
        message: "Team both: all 2 members failed.",
        errors: [{ message: "a is down" }, { message: "b is down" }],
      });
      const alone = team.fanOut({ name: "one", members: [member("c", [{ error: new Error("c is down") }])] });
      await expect(alone.run("x")).rejects.toMatchObject({ errors: [{ message: "c is down" }] });
    }));

  test("what another one fails with in the same moment stays with the error", () =>
    runJumping(async () => {
      const members = ["a", "b"].map((name) => member(name, [{ delay: 10, error: new Error(`${name} is down`) }]));
      const error = await team
        .fanOut({ name: "both", members, onError: "cancel" })
        .run("x")
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ message: "a is down" });
      expect(getSuppressed(error)).toMatchObject([{ message: "b is down" }]);
    }));

  test("a member's fatal error is nothing to mark", () =>
    runJumping(async () => {
      const deadly = tool({
        name: "deadly",
        run() {
          throw new FatalError("no way on");
        },
      });
      const model = scriptedModel([{ toolCalls: [{ name: "deadly" }] }]);
      const members = [member("fine", ["ok"]), agent({ name: "dying", model, tools: [deadly] })];
      await expect(team.fanOut({ name: "both", members }).run("x")).rejects.toMatchObject({
        name: "FatalError",
        message: "no way on",
      });
    }));

  test("runs no more members at a time than it may", () =>
    runJumping(async ({ clock }) => {
      const members = ["a", "b", "c"].map((name) => member(name, [{ delay: 10, text: name }]));
      await team.fanOut({ name: "all", members, limit: 1 }).run("x");
      expect(clock.now()).toBe(30);
    }));

  test("a cancel reaches all members", () =>
    runJumping(async (run) => {
      const members = ["a", "b"].map((name) => member(name, [{ hang: true }]));
      const task = createTask(() => team.fanOut({ name: "both", members }).run("x"));
      await sleep(10);
      task.cancel();
      expect((await task.settled()).status).toBe("cancelled");
      expect(tasksThat("task.cancelled", run).filter((name) => name === "a" || name === "b")).toEqual(["a", "b"]);
    }));
});

describe("hand-off", () => {
  const pass = (to: string) => ({ toolCalls: [{ name: "hand_off", input: { to, message: "yours" } }] });

  test("the conversation goes on with another member, who answers", () =>
    runJumping(async (run) => {
      const billing = scriptedModel(["Your bill is paid."]);
      const front = scriptedModel([{ text: "Billing knows.", ...pass("billing") }]);
      const members = [
        agent({ name: "front", model: front }),
        agent({ name: "billing", description: "Knows bills.", model: billing }),
      ];
      const result = await team.handOff({ name: "desk", members }).run("Is my bill paid?");
      expect(result).toMatchObject({ agent: "billing", text: "Your bill is paid.", finishReason: "stop" });
      expect(result.path).toEqual(["front", "billing"]);
      expect(result.steps).toHaveLength(2);
      expect(billing.calls[0]?.prompt.map(({ role }) => role)).toEqual(["user", "assistant", "tool"]);
      expect(front.calls[0]?.options.tools).toMatchObject([
        {
          name: "hand_off",
          description: expect.stringContaining("billing: Knows bills."),
          inputSchema: { properties: { to: { enum: ["billing"] } } },
        },
      ]);
      expect(result.messages.map(({ role }) => role)).toEqual(["assistant", "tool", "assistant"]);
      expect(tasksThat("task.created", run)).toContain("hand_off");
    }));

  test("to nobody is told to the model", () =>
    runJumping(async () => {
      const members = [member("a", [pass("nobody"), "Then I do it."]), member("b", [])];
      const result = await team.handOff({ name: "t", members }).run("x");
      expect(result).toMatchObject({ agent: "a", text: "Then I do it.", path: ["a"] });
      expect(result.toolResults).toMatchObject([{ status: "invalid" }]);
    }));

  test("twice in one step counts once", () =>
    runJumping(async () => {
      const twice = { toolCalls: [...pass("b").toolCalls, ...pass("c").toolCalls] };
      const members = [member("a", [twice]), member("b", ["I am b."]), member("c", ["I am c."])];
      const result = await team.handOff({ name: "t", members }).run("x");
      expect(result).toMatchObject({ text: "I am b.", path: ["a", "b"] });
      expect(result.toolResults.map(({ status }) => status)).toEqual(["completed", "failed"]);
    }));

  test("ends where it may be passed on no more", () =>
    runJumping(async () => {
      const model = (to: string) =>
        scriptedModel(({ options }) => ((options.tools ?? []).length > 0 ? pass(to) : "I keep it."));
      const members = [agent({ name: "a", model: model("b") }), agent({ name: "b", model: model("a") })];
      const result = await team.handOff({ name: "t", members, maxHandOffs: 3 }).run("x");
      expect(result.path).toEqual(["a", "b", "a", "b"]);
      expect(result.text).toBe("I keep it.");
    }));
});

test("a supervisor has the members as tools", () =>
  runJumping(async (run) => {
    const toolCalls = ["poet", "critic"].map((name) => ({ name, input: { prompt: "Write." } }));
    const boss = team.supervisor({
      name: "boss",
      model: scriptedModel([{ toolCalls }, "Both are done."], { modelId: "large" }),
      members: [member("poet", [{ delay: 10, text: "Roses." }]), member("critic", [{ delay: 10, text: "Kitsch." }])],
    });
    const result = await boss.run("x");
    expect(run.clock.now()).toBe(10);
    expect(result.toolResults.map(({ output }) => output)).toEqual(["Roses.", "Kitsch."]);
    expect(result.text).toBe("Both are done.");
  }));

test("options that are none are refused by name", () =>
  runJumping(async () => {
    for (const [name, make] of Object.entries(team)) {
      for (const options of [undefined, null, 5])
        expect(() => make(options as never)).toThrow(
          `The options of team.${name}() must be an object, not ${String(options)}.`,
        );
    }
    const both = team.fanOut({ name: "both", members: [member("a", [])] });
    await expect(both.run("x", null as never)).rejects.toThrow(
      "The options of a run of team both must be an object, not null.",
    );
    const model = scriptedModel([]);
    const supervisor = { name: "boss", model, members: [member("a", [])], tools: null as never };
    expect(() => team.supervisor(supervisor)).toThrow("tools of agent boss must be an array, not null.");
  }));

test("what is no team is refused at once", () => {
  const one = member("a", []);
  expect(() => team.fanOut({ name: "", members: [one] })).toThrow(TypeError);
  expect(() => team.fanOut({ name: "t", members: [] })).toThrow("at least one agent");
  expect(() => team.fanOut({ name: "t", members: [one, one] })).toThrow(UsageError);
  expect(() => team.fanOut({ name: "t", members: [{ name: "x" } as unknown as Agent] })).toThrow("made by agent()");
  expect(() => team.fanOut({ name: "t", members: [one], limit: 0 })).toThrow(RangeError);
  expect(() => team.fanOut({ name: "t", members: [one], onError: "ignore" as "mark" })).toThrow(TypeError);
  expect(() => team.handOff({ name: "t", members: [one] })).toThrow("nobody");
  expect(() => team.handOff({ name: "t", members: [one, member("b", [])], maxHandOffs: NaN })).toThrow(RangeError);
});
