/**
 * The other side of `toThread`: what runs in its threads. It loads the program's module, calls the function and answers
 * on the call's own port. Whatever happens in the function, it does not throw: the thread is used again.
 */
import { receiveMessageOnPort, threadId } from "node:worker_threads";
import { readCancelFlag, setThreadCall } from "../task/thread-call.ts";
import { DataCloneError } from "./errors.ts";
import { encodeError } from "./wire-error.ts";
import type { ThreadAnswer, ThreadInput, ThreadMessage, ThreadRequest } from "./wire.ts";

export default async function work(request: ThreadRequest): Promise<void> {
  const { port, flag, scopeId } = request;
  const { args, values } = receiveMessageOnPort(port)!.message as ThreadInput;
  const say = (message: ThreadMessage): void => port.postMessage(message);
  say({ kind: "started", worker: threadId });
  setThreadCall({ flag, scopeId, values });
  const answer = await call(request, args);
  setThreadCall(undefined);
  try {
    say(answer);
  } catch (error) {
    const message = `What ${request.exportName} returned can't leave its thread: ${(error as Error).message} Return plain data.`;
    say({ kind: "error", error: encodeError(new DataCloneError(message, { cause: error })) });
  }
}

async function call({ module, exportName, flag }: ThreadRequest, args: readonly unknown[]): Promise<ThreadAnswer> {
  try {
    const exported = (await import(module)) as Readonly<Record<string, unknown>>;
    const fn = exported[exportName];
    if (typeof fn !== "function") {
      const names = Object.keys(exported).join(", ");
      throw new TypeError(
        `${module} exports no function ${exportName}. It exports: ${names === "" ? "nothing" : names}.`,
      );
    }
    return { kind: "value", value: await (fn as (...args: readonly unknown[]) => unknown)(...args) };
  } catch (error) {
    const isCancelled = readCancelFlag(flag) !== undefined && (error as Error | undefined)?.name === "CancelledError";
    return isCancelled ? { kind: "cancelled" } : { kind: "error", error: encodeError(error) };
  }
}
