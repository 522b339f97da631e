/**
 * What requests to one address have in common: their name and attributes, made once. Programs ask the same few
 * addresses over and over; parsing and cleaning each time would be most of what a request costs us.
 */
import type { Attributes } from "../../protocol/message.ts";
import { addressOf } from "./url.ts";

/** Addresses with numbers in them are endless: start over after so many. */
const MAX_KINDS = 1024;

export interface RequestKind {
  /** `GET host/path` */
  readonly name: string;
  /** One object for all requests of the kind. */
  readonly attributes: Attributes;
}

interface Known extends RequestKind {
  readonly method: string;
  readonly base: string;
}

export interface RequestKinds {
  /** `base` is scheme, host and port; `path` may hold a query, or be a whole URL as proxies are asked. */
  of(method: string, base: string, path: string): RequestKind;
}

export function createRequestKinds(): RequestKinds {
  const byPath = new Map<string, Known[]>();
  let count = 0;
  return {
    of(method, base, path) {
      const known = byPath.get(path);
      if (known !== undefined) {
        for (const kind of known) if (kind.method === method && kind.base === base) return kind;
      }
      if (count++ >= MAX_KINDS) {
        byPath.clear();
        count = 0;
      }
      const { full, name, host, port } = addressOf(base, path);
      const kind: Known = {
        method,
        base,
        name: `${method} ${name}`,
        attributes: { "http.request.method": method, "url.full": full, "server.address": host, "server.port": port },
      };
      if (known === undefined || count === 0) byPath.set(path, [kind]);
      else known.push(kind);
      return kind;
    },
  };
}
