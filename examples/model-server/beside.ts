/**
 * The model server for an agent: the one MODEL_URL names, else one of its own in a process beside it, so that serving
 * does not run on the agent's event loop.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

export interface ModelBeside extends AsyncDisposable {
  readonly url: string;
}

/** @param here `import.meta.url` of the agent; `model-server/` lies beside it or one folder up, as source or built. */
export async function modelBeside(here: string): Promise<ModelBeside> {
  const named = process.env["MODEL_URL"];
  if (named !== undefined && named !== "") return { url: named, [Symbol.asyncDispose]: () => Promise.resolve() };
  const agent = fileURLToPath(here);
  const main = join("model-server", `main${extname(agent)}`);
  const beside = join(agent, "..", main);
  const program = existsSync(beside) ? beside : join(agent, "..", "..", main);
  // Without what would have it traced: the recording is the agent's.
  const { NODE_OPTIONS: _options, STALLSCOPE_COLLECTOR: _collector, ...env } = process.env;
  const server = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "inherit", "ipc"], env });
  const url = await new Promise<string>((resolve, reject) => {
    server.stdout?.setEncoding("utf8").once("data", (text: string) => resolve(text.trim()));
    server.once("error", reject);
    server.once("exit", (code) => reject(new Error(`the model server ended with ${code}`)));
  });
  return {
    url,
    async [Symbol.asyncDispose]() {
      const ended = once(server, "exit");
      server.disconnect();
      await ended;
    },
  };
}
