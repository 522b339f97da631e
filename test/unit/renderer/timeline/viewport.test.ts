import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  clamp,
  createViewportStore,
  fit,
  followed,
  panBy,
  reveal,
  timeAt,
  xAt,
  zoomAt,
  type Viewport,
} from "../../../../src-renderer/state/viewport.ts";

const BOUNDS: Viewport = { from: 0, to: 60e9 };
const viewports = fc
  .tuple(fc.integer({ min: 0, max: 59e9 }), fc.integer({ min: 10_000, max: 60e9 }))
  .map(([from, span]): Viewport => clamp({ from, to: from + span }, BOUNDS));
const fractions = fc.double({ min: 0, max: 1, noNaN: true });
const factors = fc.double({ min: 0.01, max: 100, noNaN: true });

const isWithin = (inner: Viewport, outer: Viewport): boolean =>
  inner.from >= outer.from && inner.to <= outer.to + 1e-3 && inner.to > inner.from;

describe("viewport arithmetic", () => {
  test("a place on screen and its instant are each other's inverse", () => {
    fc.assert(
      fc.property(viewports, fractions, (viewport, x01) => {
        expect(xAt(viewport, timeAt(viewport, x01))).toBeCloseTo(x01, 6);
      }),
    );
  });

  test("zooming never leaves the bounds nor goes under the least span", () => {
    fc.assert(
      fc.property(viewports, fractions, factors, (viewport, x01, factor) => {
        const zoomed = zoomAt(viewport, x01, factor, BOUNDS, 10_000);
        expect(isWithin(zoomed, BOUNDS)).toBe(true);
        expect(zoomed.to - zoomed.from).toBeGreaterThanOrEqual(10_000 - 1e-3);
      }),
    );
  });

  test("zooming keeps the pointer's instant under the pointer unless an edge is in the way", () => {
    fc.assert(
      fc.property(viewports, fractions, factors, (viewport, x01, factor) => {
        const zoomed = zoomAt(viewport, x01, factor, BOUNDS, 10_000);
        const touches = zoomed.from <= BOUNDS.from || zoomed.to >= BOUNDS.to - 1e-3;
        const moved = Math.abs(timeAt(zoomed, x01) - timeAt(viewport, x01)) / (zoomed.to - zoomed.from);
        expect(touches ? 0 : moved).toBeLessThan(1e-6);
      }),
    );
  });

  test("zooming in and out again at the same place comes back", () => {
    fc.assert(
      fc.property(fractions, fc.double({ min: 0.1, max: 1, noNaN: true }), (x01, factor) => {
        const before = { from: 20e9, to: 40e9 };
        const after = zoomAt(zoomAt(before, x01, factor, BOUNDS), x01, 1 / factor, BOUNDS);
        expect(after.from / 1e9).toBeCloseTo(20, 5);
        expect(after.to / 1e9).toBeCloseTo(40, 5);
      }),
    );
  });

  test("panning keeps the span and stays within the bounds", () => {
    fc.assert(
      fc.property(viewports, fc.integer({ min: -90e9, max: 90e9 }), (viewport, by) => {
        const panned = panBy(viewport, by, BOUNDS);
        expect(isWithin(panned, BOUNDS)).toBe(true);
        expect(Math.abs(panned.to - panned.from - (viewport.to - viewport.from))).toBeLessThan(1e-3);
      }),
    );
  });

  test("what was fitted or revealed is in view", () => {
    fc.assert(
      fc.property(viewports, viewports, (viewport, interval) => {
        for (const shown of [fit(interval, BOUNDS), reveal(viewport, interval, BOUNDS)]) {
          expect(isWithin(shown, BOUNDS)).toBe(true);
          expect(shown.from).toBeLessThanOrEqual(interval.from + 1e-3);
          expect(shown.to).toBeGreaterThanOrEqual(interval.to - 1e-3);
        }
      }),
    );
  });

  test("revealing what is in view moves nothing", () => {
    const viewport = { from: 10, to: 20 };
    expect(reveal(viewport, { from: 12, to: 18 }, { from: 0, to: 100 })).toBe(viewport);
  });

  test("a followed recording is shown whole at first and then scrolls, with room ahead of the live end", () => {
    const young = followed({ from: 0, to: 1e9 }, 2e9, { from: 0, to: 2e9 });
    expect(young.from).toBe(0);
    expect(young.to).toBeGreaterThan(2e9);
    const old = followed({ from: 30e9, to: 40e9 }, 50e9, { from: 0, to: 50e9 });
    expect(old.to - old.from).toBe(10e9);
    expect(old.to).toBeGreaterThan(50e9);
    expect(old.from).toBeGreaterThan(30e9);
  });
});

describe("viewport store", () => {
  test("holds the viewport within the bounds and tells of changes only", () => {
    const store = createViewportStore({ from: 0, to: 100 });
    let told = 0;
    const end = store.subscribe(() => told++);
    store.set({ from: 0, to: 100 });
    expect(told).toBe(0);
    store.set({ from: 50, to: 150 });
    expect(store.get()).toEqual({ from: 0, to: 100 });
    store.set({ from: 20, to: 40 });
    expect(store.get()).toEqual({ from: 20, to: 40 });
    store.setBounds({ from: 0, to: 30 });
    expect(store.get()).toEqual({ from: 10, to: 30 });
    expect(told).toBe(2);
    end();
    store.set({ from: 0, to: 5 });
    expect(told).toBe(2);
  });

  test("bounds don't move what follows", () => {
    const store = createViewportStore({ from: 0, to: 100 });
    store.follow(true);
    store.set({ from: 10, to: 110 });
    store.setBounds({ from: 0, to: 90 });
    expect(store.get()).toEqual({ from: 10, to: 110 });
    expect(store.following()).toBe(true);
    store.follow(false);
    expect(store.get()).toEqual({ from: 0, to: 90 });
  });
});
