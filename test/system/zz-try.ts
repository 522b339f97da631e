
import { trace } from "./instrumentations-trace.ts";
for (const mode of process.argv.slice(2)) {
const t = await trace("agent.mjs", { args: [mode] });
console.log("=====", mode, t.code, JSON.stringify(t.stdout), t.stderr.slice(0,2000));
const p = (parent: number, d: string): void => { for (const x of t.tasks.filter(y => y.parent === parent)) { console.log(d, x.kind, x.name, x.outcome, x.error ?? "", Math.round(x.created/1e6), Math.round((x.ended ?? 0)/1e6), x.firstChunk ? "fc" + Math.round(x.firstChunk/1e6) + "x" + x.chunks : "", x.kind === "request" ? "" : JSON.stringify(x.attributes)); p(x.id, d + "  "); } };
p(0, "");
console.log(t.cancellations.map(c => [c.source, c.reason, t.tasks.find(x=>x.id===c.task)?.name, c.ignored]));
console.log("planted", JSON.stringify(t.changes).match(/planted[-a-z]*/g));
console.log(t.changes.filter(c => (c as any).do==="notSeen"));
}
