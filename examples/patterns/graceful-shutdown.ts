/**
 * Told to stop in the middle of work: SIGTERM or Ctrl-C cancels the run, the job at hand goes back into the queue, the
 * connection is closed, and the process ends with 143 or 130, as whoever sent the signal expects.
 *
 *     stallscope run examples/patterns/graceful-shutdown.ts [SIGINT]
 */
import { Queue, agent, run, scriptedModel, sleep, taskGroup, use } from "stallscope";

const jobs = new Queue<string>();
for (const job of ["invoice", "letter", "contract", "receipt"]) jobs.putNowait(job);

/** Stands for Ctrl-C, or for the orchestrator that wants the machine back. */
function interrupt(): void {
  const signal = process.argv[2] === "SIGINT" ? "SIGINT" : "SIGTERM";
  console.log(signal);
  process.kill(process.pid, signal);
}

const clerk = agent({
  name: "clerk",
  model: scriptedModel(({ number }) => {
    if (number === 3) setTimeout(interrupt, 60);
    return { delay: 150, text: `Read as number ${number}.` };
  }),
});

async function connect() {
  await sleep(20);
  console.log("mailbox: open");
  return { close: () => sleep(30) };
}

async function work(): Promise<void> {
  for (;;) {
    const job = await jobs.get();
    let isDone = false;
    try {
      const { text } = await clerk.run(`Read the ${job}.`);
      console.log(`${job}: ${text}`);
      isDone = true;
    } finally {
      jobs.taskDone();
      if (!isDone) {
        jobs.putNowait(job);
        console.log(`${job}: back in the queue`);
      }
    }
  }
}

async function main(): Promise<void> {
  await use(
    connect,
    () => taskGroup(async (group) => void group.createTask(work, { name: "worker" })),
    async (mailbox, { status }) => {
      // Nothing interrupts a release, and it has its own limit.
      await mailbox.close();
      console.log(`mailbox: closed, ${status}; ${jobs.stats.size} jobs are left`);
    },
    { name: "mailbox" },
  );
}

await run(main);
