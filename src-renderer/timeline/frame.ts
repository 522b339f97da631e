/**
 * The one owner of animation frames: paints when something changed, and while live when the clock moved by a pixel.
 *
 *     invalidate() --> at most one frame ahead --> draw(now)      nothing changed: no frame, no work
 */
export interface FrameLoop {
  /** Something changed: paint in the next frame. */
  invalidate(): void;
  /** Keep asking `isDue` each frame, without anything having changed. */
  keepGoing(on: boolean): void;
  dispose(): void;
}

export function createFrameLoop(draw: () => void, isDue: () => boolean): FrameLoop {
  let request: number | undefined;
  let isDirty = false;
  let isRunning = false;
  let isDisposed = false;

  function schedule(): void {
    if (request === undefined && !isDisposed) request = requestAnimationFrame(frame);
  }

  function frame(): void {
    request = undefined;
    if (isDirty || isDue()) {
      isDirty = false;
      draw();
    }
    if (isRunning || isDirty) schedule();
  }

  return {
    invalidate() {
      isDirty = true;
      schedule();
    },
    keepGoing(on) {
      isRunning = on;
      if (on) schedule();
    },
    dispose() {
      isDisposed = true;
      if (request !== undefined) cancelAnimationFrame(request);
    },
  };
}
