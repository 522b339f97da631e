/**
 * Addresses as they may be recorded: without credentials, query values and fragments.
 *
 *     https://user:secret@host:8443/a/b?key=secret&page=2#part   →   https://host:8443/a/b?key=…&page=…
 */

export interface Address {
  /** Cleaned, whole. */
  readonly full: string;
  /** Host and path, without the query: what a request is called. */
  readonly name: string;
  readonly host: string;
  /** As given or implied by the scheme, 0 unknown. */
  readonly port: number;
}

const PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };

/** `base` is scheme, host and port; `path` may hold a query, or be a whole URL as proxies are asked. */
export function addressOf(base: string, path: string): Address {
  const url = URL.parse(path, base);
  if (url === null) return { full: "", name: "", host: "", port: 0 };
  const port = url.port === "" ? (PORTS[url.protocol] ?? 0) : Number(url.port);
  return {
    full: `${url.protocol}//${url.host}${url.pathname}${cleanQuery(url.search)}`,
    name: `${url.host}${url.pathname}`,
    host: url.hostname,
    port,
  };
}

/** A text that claims to be a URL or the path of one. */
export function cleanUrl(text: string): string {
  const url = URL.parse(text);
  if (url !== null && url.host !== "") return `${url.protocol}//${url.host}${url.pathname}${cleanQuery(url.search)}`;
  const path = text.split("#", 1)[0] ?? "";
  const query = path.indexOf("?");
  return query < 0
    ? path.replace(/^[^/]*@/, "")
    : path.slice(0, query).replace(/^[^/]*@/, "") + cleanQuery(path.slice(query));
}

/** `?a=1&b` → `?a=…&…`: a bare word may be a value as well as a name. */
function cleanQuery(search: string): string {
  if (search.length < 2) return "";
  const names = search
    .slice(1)
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => (pair.includes("=") ? `${pair.slice(0, pair.indexOf("="))}=…` : "…"));
  return `?${names.join("&")}`;
}
