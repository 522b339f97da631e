/**
 * The interface over HTTP, for this machine alone: 127.0.0.1, behind a random token, to pages of its own origin only.
 * It serves the built files of one folder and the WebSocket of the RecordingApi; no path of a request reaches the disk.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, posix, sep } from "node:path";
import type { Duplex } from "node:stream";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { WebSocketServer } from "ws";
import type { Host } from "./host.ts";
import { serveViewer } from "./rpc.ts";

const LOOPBACK = "127.0.0.1";
/** Largest question a page may send. Bytes. */
const MAX_MESSAGE_BYTES = 1024 * 1024;
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".png": "image/png",
};
const CONTENT_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export interface HttpServer {
  readonly port: number;
  /** With the token: whoever opens it is let in. */
  readonly url: string;
  close(): Promise<void>;
}

/** Listens; rejects with Node's error when the port is taken. */
export async function startHttp(host: Host, rendererDir: string, port: number): Promise<HttpServer> {
  const token = randomBytes(24).toString("base64url");
  const files = readFiles(rendererDir);
  const app = new Hono();
  let cookie = "";
  let origin = "";

  function isOurs(headers: { readonly host: string | undefined; readonly origin: string | undefined }): boolean {
    const named = `http://${headers.host ?? ""}`;
    if (named !== origin && named !== origin.replace(LOOPBACK, "localhost")) return false;
    return headers.origin === undefined || headers.origin === named;
  }

  function hasToken(cookies: string | undefined): boolean {
    const value = (cookies ?? "").split(/;\s*/).find((part) => part.startsWith(`${cookie}=`));
    return value !== undefined && isSame(value.slice(cookie.length + 1), token);
  }

  app.use(async (context, next) => {
    if (!isOurs({ host: context.req.header("host"), origin: context.req.header("origin") }))
      return context.text("Not for this origin.\n", 403);
    await next();
    context.header("Content-Security-Policy", CONTENT_POLICY);
    context.header("X-Content-Type-Options", "nosniff");
    context.header("Referrer-Policy", "no-referrer");
    context.header("Cross-Origin-Opener-Policy", "same-origin");
    context.header("Cross-Origin-Resource-Policy", "same-origin");
    context.header("Cache-Control", "no-store");
    return undefined;
  });
  app.get("*", (context) => {
    const given = context.req.query("token");
    if (given !== undefined && isSame(given, token)) {
      context.header("Set-Cookie", `${cookie}=${token}; HttpOnly; SameSite=Lax; Path=/`);
      return context.redirect("/");
    }
    if (!hasToken(context.req.header("cookie"))) {
      return context.text(
        "Open the whole address that stallscope serve printed: it holds the token that lets you in.\n",
        401,
      );
    }
    const path = context.req.path === "/" ? "/index.html" : context.req.path;
    const file = files.get(path);
    if (file === undefined) return context.text("There is no such page.\n", 404);
    return context.body(new Uint8Array(file), 200, {
      "Content-Type": TYPES[extname(path)] ?? "application/octet-stream",
    });
  });

  const viewers = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES });
  const handle = getRequestListener(app.fetch);
  const server = createServer((request, response) => void handle(request, response));
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const { pathname } = new URL(request.url ?? "/", origin);
    const { host: named, origin: from, cookie: cookies } = request.headers;
    // A browser always sends an Origin with an upgrade; whatever doesn't is no page of ours.
    if (pathname !== "/rpc" || from === undefined || !isOurs({ host: named, origin: from }) || !hasToken(cookies)) {
      socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n");
      return;
    }
    viewers.handleUpgrade(request, socket, head, (viewer) => serveViewer(viewer, host));
  });

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, LOOPBACK, resolve);
  });
  const { port: actual } = server.address() as AddressInfo;
  // Cookies are shared by all ports of a host: the name keeps two servers apart.
  cookie = `stallscope-${actual}`;
  origin = `http://${LOOPBACK}:${actual}`;
  return {
    port: actual,
    url: `${origin}/?token=${token}`,
    async close() {
      for (const viewer of viewers.clients) viewer.terminate();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** The built interface, read once: a request is looked up in this map and nowhere else. */
function readFiles(folder: string): ReadonlyMap<string, Buffer> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return new Map(
    names
      .filter((name) => statSync(join(folder, name)).isFile())
      .map((name) => [`/${name.split(sep).join(posix.sep)}`, readFileSync(join(folder, name))]),
  );
}

function isSame(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}
