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

async function call(request: ThreadRequest, args: readonly unknown[]): Promise<ThreadAnswer> {
  const { module, exportName, flag } = request;
  try {
    const exported = (await load(request)) as Readonly<Record<string, unknown>>;
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

/** Node's own error for a missing module would name this file as who asked for it. */
async function load({ module, exportName }: ThreadRequest): Promise<unknown> {
  try {
    return await import(module);
  } catch (error) {
    const { code, url } = error as { readonly code?: unknown; readonly url?: unknown };
    if (code !== "ERR_MODULE_NOT_FOUND" || url !== module) throw error;
    const message = `There is no module ${module}, whose ${exportName} toThread() was to call.`;
    throw Object.assign(new Error(message, { cause: error }), { code });
  }
}
