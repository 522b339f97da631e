/** One viewer over one WebSocket: birpc calls, msgpackr bytes. */
import { createBirpc } from "birpc";
import { Packr } from "msgpackr";
import type { WebSocket } from "ws";
import type { ViewerNotices } from "../api/api.ts";
import type { Host } from "./host.ts";
import { Refusal } from "./refusal.ts";

/** Notices to a viewer that is this far behind are left out; the next one says it all. Bytes. */
const MAX_UNSENT_BYTES = 8 * 1024 * 1024;

export function serveViewer(socket: WebSocket, host: Host): void {
  const packr = new Packr({ moreTypes: true });
  const functions: Record<string, (...args: never[]) => unknown> = {};
  const rpc = createBirpc<ViewerNotices, typeof functions>(functions, {
    post: (data: Uint8Array) => socket.send(data),
    on: (listener) => socket.on("message", (data) => listener(data)),
    serialize: (message: { readonly e?: unknown }) =>
      packr.pack(message.e instanceof Refusal ? { ...message, e: message.e.said } : message),
    deserialize: (bytes: Uint8Array) => packr.unpack(bytes) as unknown,
    eventNames: ["changed", "listChanged"],
    resolver: (name) => (Object.hasOwn(functions, name) ? functions[name] : undefined),
    // The refusal itself goes to the viewer; bytes that are no message end the connection.
    onFunctionError: () => false,
    onGeneralError: () => {
      socket.terminate();
      return true;
    },
  });
  const canSend = (): boolean => socket.readyState === socket.OPEN && socket.bufferedAmount < MAX_UNSENT_BYTES;
  const guest = host.admit({
    changed: (notice) => void (canSend() && rpc.changed(notice)),
    listChanged: () => void (canSend() && rpc.listChanged()),
  });
  Object.assign(functions, guest.api);
  socket.on("close", () => {
    guest.leave();
    rpc.$close();
  });
  socket.on("error", () => socket.terminate());
}
