/**
 * Where the window is, held in the address after `#`, so that a page can be linked to and the browser's own back works.
 *
 *     #/                    the recordings
 *     #/recording/<id>      one of them
 */
import { createStore, type Readable } from "./store.ts";

export type Route = { readonly page: "home" } | { readonly page: "recording"; readonly recording: string };

const RECORDING = /^#\/recording\/(?<recording>[^/]+)$/;
const HOME: Route = { page: "home" };

export function parseRoute(hash: string): Route {
  const found = RECORDING.exec(hash)?.groups?.["recording"];
  if (found === undefined) return HOME;
  try {
    return { page: "recording", recording: decodeURIComponent(found) };
  } catch {
    return HOME;
  }
}

export function formatRoute(route: Route): string {
  return route.page === "home" ? "#/" : `#/recording/${encodeURIComponent(route.recording)}`;
}

export interface RouteStore extends Readable<Route> {
  go(route: Route): void;
}

export function createRouteStore(view: Window): RouteStore {
  const store = createStore(parseRoute(view.location.hash));
  view.addEventListener("hashchange", () => store.set(parseRoute(view.location.hash)));
  return {
    get: store.get,
    subscribe: store.subscribe,
    go(route) {
      view.location.hash = formatRoute(route);
    },
  };
}
