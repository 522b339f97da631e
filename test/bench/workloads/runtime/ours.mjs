/** The rows in our runtime. */
import {
  Queue,
  Semaphore,
  createTask,
  gather,
  run as runMain,
  sleep,
  stream,
  taskGroup,
  timeout,
} from "../../../../src-runtime/index.ts";

const one = async () => 1;
const WIDTH = 100;

const rows = {
  async create(n) {
    for (let i = 0; i < n; i++) await createTask(one);
  },
  async gather(n) {
    const member = async (i) => {
      await Promise.resolve();
      return i;
    };
    await gather(Array.from({ length: n }, (_, i) => () => member(i)));
  },
  async queue(n) {
    const queue = new Queue(16);
    await taskGroup(async (group) => {
      group.createTask(async () => {
        for (let i = 0; i < n; i++) await queue.get();
      });
      for (let i = 0; i < n; i++) await queue.put(i);
    });
  },
  async semaphore(n) {
    const semaphore = new Semaphore(1);
    const worker = async () => {
      for (let i = 0; i < n / 4; i++) {
        using _permit = await semaphore.acquire();
        await Promise.resolve();
      }
    };
    await gather([() => worker(), () => worker(), () => worker(), () => worker()]);
  },
  async stream(n) {
    const chunks = stream(async (emit) => {
      for (let i = 0; i < n; i++) await emit(i);
    });
    let sum = 0;
    for await (const chunk of chunks) sum += chunk;
    return sum;
  },
  async timeouts(n) {
    for (let i = 0; i < n; i++) await timeout(60_000, () => timeout(60_000, () => timeout(60_000, one)));
  },
  async cancel(n) {
    const tree = createTask(() =>
      taskGroup(async (root) => {
        for (let i = 0; i < n / WIDTH; i++) {
          root.createTask(() =>
            taskGroup(async (branch) => {
              for (let leaf = 0; leaf < WIDTH; leaf++) branch.createTask(() => sleep(60_000));
            }),
          );
        }
      }),
    );
    await sleep(0);
    tree.cancel();
    await tree.settled();
  },
};

export const run = (row, n) => runMain(() => rows[row](n));
