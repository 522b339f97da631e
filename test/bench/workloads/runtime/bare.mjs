/** The rows in promises alone: what the language itself costs. */
const one = async () => 1;

export const rows = {
  async create(n) {
    for (let i = 0; i < n; i++) await one();
  },
  async gather(n) {
    const member = async (i) => {
      await Promise.resolve();
      return i;
    };
    await Promise.all(Array.from({ length: n }, (_, i) => member(i)));
  },
  async queue(n) {
    const items = [];
    let wake = () => undefined;
    const consumer = (async () => {
      for (let i = 0; i < n; i++) {
        if (items.length === 0) await new Promise((resolve) => (wake = resolve));
        items.shift();
      }
    })();
    for (let i = 0; i < n; i++) {
      items.push(i);
      wake();
      await Promise.resolve();
    }
    await consumer;
  },
  async semaphore(n) {
    let tail = Promise.resolve();
    const worker = async () => {
      for (let i = 0; i < n / 4; i++) {
        const before = tail;
        let release;
        tail = new Promise((resolve) => (release = resolve));
        await before;
        await Promise.resolve();
        release();
      }
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
  },
  async stream(n) {
    async function* chunks() {
      for (let i = 0; i < n; i++) yield i;
    }
    let sum = 0;
    for await (const chunk of chunks()) sum += chunk;
    return sum;
  },
  async timeouts(n) {
    const timeout = (body) => {
      let timer;
      const late = new Promise((_resolve, reject) => (timer = setTimeout(reject, 60_000)));
      return Promise.race([body(), late]).finally(() => clearTimeout(timer));
    };
    for (let i = 0; i < n; i++) await timeout(() => timeout(() => timeout(one)));
  },
  async cancel(n) {
    const controller = new AbortController();
    const { signal } = controller;
    const leaves = Array.from(
      { length: n },
      () =>
        new Promise((_resolve, reject) =>
          signal.addEventListener("abort", () => reject(new Error("cancelled")), { once: true }),
        ),
    );
    const all = Promise.allSettled(leaves);
    controller.abort();
    await all;
  },
};

export const run = (row, n) => rows[row](n);
