/**
 * Which folder may import what: an allow-list. What is not listed is forbidden, and a source file in no listed area is
 * itself a violation, so that a new folder has to say where it stands.
 *
 *     data flows down:   src-runtime ─▶ src-main ─▶ src-renderer
 *     imports point up:  src-renderer ─▶ src-main/api ─▶ src-runtime/protocol
 */
export interface Area {
  /** A folder, or one file. The longest that fits a file is its area. */
  readonly path: string;
  /** Folders and files of ours it may import, besides itself. */
  readonly ours: readonly string[];
  /** Packages it may import. `node:` stands for Node's own modules. */
  readonly packages: readonly string[];
}

const PROTOCOL = "src-runtime/protocol";
const TASK = "src-runtime/task";
const API = "src-main/api";
const INTERFACE_PACKAGES = ["react", "react-dom", "react-aria-components", "lucide-react"];

export const AREAS: readonly Area[] = [
  // In the traced process: Node's own modules and ourselves. The protocol is pure.
  { path: PROTOCOL, ours: [], packages: [] },
  { path: "src-runtime/task", ours: [PROTOCOL], packages: ["node:"] },
  { path: "src-runtime/sync", ours: [TASK], packages: [] },
  { path: "src-runtime/stream", ours: [TASK], packages: ["node:", "eventsource-parser"] },
  { path: "src-runtime/resource", ours: [TASK, "src-runtime/sync"], packages: [] },
  { path: "src-runtime/resilience", ours: [TASK], packages: [] },
  { path: "src-runtime/thread", ours: [TASK], packages: ["node:", "piscina"] },
  {
    path: "src-runtime/agent",
    ours: [PROTOCOL, TASK, "src-runtime/sync", "src-runtime/stream", "src-runtime/resilience"],
    packages: ["@opentelemetry/api", "ai", "@ai-sdk/provider", "zod"],
  },
  {
    path: "src-runtime/index.ts",
    ours: [
      TASK,
      ...["sync", "stream", "resource", "resilience", "thread", "agent"].map((name) => `src-runtime/${name}`),
    ],
    packages: [],
  },
  // Loads the runtime by its package name: a test's `stallscope` and ours must be one.
  { path: "src-runtime/testing", ours: [TASK, "src-runtime/index.ts"], packages: ["node:", "vitest"] },
  // The tracer listens to the runtime, and knows it by its types only.
  { path: "src-runtime/tracer", ours: [PROTOCOL, TASK], packages: ["node:"] },
  { path: "src-runtime/register.ts", ours: ["src-runtime/tracer"], packages: ["node:"] },

  // The store process. Only the store knows SQLite; nothing but the command line itself imports the command line.
  { path: API, ours: [PROTOCOL], packages: [] },
  { path: "src-main/launch", ours: [PROTOCOL, "src-runtime/tracer/config.ts"], packages: ["node:"] },
  {
    path: "src-main/collector",
    ours: [PROTOCOL, API, "src-main/store/rows.ts", "src-main/store/writer.ts"],
    packages: ["node:", "zod", "msgpackr", "@jridgewell/trace-mapping"],
  },
  { path: "src-main/store", ours: [PROTOCOL, API], packages: ["node:", "better-sqlite3"] },
  { path: "src-main/queries", ours: [PROTOCOL, API, "src-main/store"], packages: ["node:"] },
  { path: "src-main/exchange", ours: [API], packages: ["node:"] },
  {
    path: "src-main/server",
    ours: [PROTOCOL, API, "src-main/exchange", "src-main/queries", "src-main/store"],
    packages: ["node:", "hono", "@hono/node-server", "ws", "birpc", "msgpackr", "zod"],
  },
  {
    path: "src-main/cli",
    ours: [
      PROTOCOL,
      "src-runtime/tracer/config.ts",
      API,
      "src-main/launch",
      "src-main/collector",
      "src-main/store",
      "src-main/queries",
      "src-main/exchange",
      "src-main/server",
      "package.json",
    ],
    packages: ["node:", "commander"],
  },
  { path: "src-main/cli/stallscope.js", ours: ["src-main/build"], packages: ["node:"] },
  { path: "src-main/build", ours: [], packages: ["node:", "rolldown", "vite", "@vitejs/plugin-react"] },

  // The window: the two doors and itself. The timeline is framework-free, but for the one component around it.
  {
    path: "src-renderer",
    ours: [API, PROTOCOL, "src-renderer/timeline"],
    packages: [...INTERFACE_PACKAGES, "birpc", "msgpackr"],
  },
  { path: "src-renderer/timeline", ours: [API, PROTOCOL], packages: [] },
  { path: "src-renderer/timeline/timeline.tsx", ours: ["src-renderer", API, PROTOCOL], packages: INTERFACE_PACKAGES },
];

/** Known breaches, `file → import`. It may only get shorter: an entry that is no breach any more fails the test. */
export const DEBT: readonly string[] = [];
