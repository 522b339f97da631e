/**
 * Dark or light: the system's choice until the user makes one, which is remembered. A choice equal to the system's is
 * forgotten again, so that the window keeps following a system that changes at dusk.
 */
import { createStore, type Readable } from "./store.ts";

export type Theme = "dark" | "light";

export interface ThemeStore extends Readable<Theme> {
  toggle(): void;
}

const KEY = "stallscope.theme";

export function createThemeStore(view: Window): ThemeStore {
  const prefersLight = view.matchMedia("(prefers-color-scheme: light)");
  const system = (): Theme => (prefersLight.matches ? "light" : "dark");
  const resolve = (): Theme => remembered(view.localStorage) ?? system();
  const store = createStore(resolve());
  const apply = (): void => {
    store.set(resolve());
    view.document.documentElement.dataset["theme"] = store.get();
  };
  apply();
  prefersLight.addEventListener("change", apply);
  return {
    get: store.get,
    subscribe: store.subscribe,
    toggle() {
      const wanted: Theme = store.get() === "dark" ? "light" : "dark";
      if (wanted === system()) view.localStorage.removeItem(KEY);
      else view.localStorage.setItem(KEY, wanted);
      apply();
    },
  };
}

function remembered(storage: Storage): Theme | undefined {
  const value = storage.getItem(KEY);
  return value === "dark" || value === "light" ? value : undefined;
}
