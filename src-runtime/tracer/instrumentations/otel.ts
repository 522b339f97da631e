/**
 * OpenTelemetry, observed and never registered: the API's global is first-wins and version-exact, so whoever registers
 * beside the program silently switches the program's own tracing off.
 *
 * An accessor stands where the API keeps its global. What the program sets there stays the program's; the provider it
 * registers is watched in place. A copy of the API that asks before (or without) any registration is watched through
 * its own proxy: its tracers make the same spans that record nothing, and forward as soon as the program's would.
 */
import { createCallSites } from "./call-sites.ts";
import type { Emitter } from "../emitter.ts";
import { createFindCopy, type ApiCopy, type ProxyProvider } from "./otel-copies.ts";
import { createOtelSpans, own, type OtelContext, type OtelTracer } from "./otel-spans.ts";
import type { Part } from "./part.ts";

const API = Symbol.for("opentelemetry.js.api.1");

interface GlobalApi {
  trace?: ProxyProvider;
  context?: { active(): OtelContext };
}

/** Returns how to ask for the span of this continuation. */
export function instrumentOtel(part: Part, emitter: Emitter): () => number {
  const { apply } = Reflect;
  const spans = createOtelSpans(part, emitter);
  const holder = globalThis as { [API]?: GlobalApi | undefined };
  const watchedProviders = new WeakSet();
  const accessors = new WeakMap<GlobalApi, () => unknown>();
  let api = holder[API];
  let isOver = false;

  const findCopy = createFindCopy(createCallSites(), watchCopy, () => {
    if (api?.trace === undefined)
      emitter.notSeen("spans of an OpenTelemetry API that is bundled into the program and has no SDK");
  });

  const watchProvider = part.guard((provider: ProxyProvider) => {
    if (typeof provider !== "object" || provider === null || watchedProviders.has(provider)) return;
    watchedProviders.add(provider);
    // A proxy gives its tracers, early ones too, by this method; any other provider by the public one.
    const name = typeof provider.getDelegateTracer === "function" ? "getDelegateTracer" : "getTracer";
    const method = provider[name];
    if (method === undefined) return;
    own(provider, name, function (this: unknown, ...args) {
      const tracer: OtelTracer | undefined = apply(method, this, args as [string]);
      return tracer === undefined || isOver ? tracer : watchTracer(tracer, args[0]);
    });
  });

  const watchTracer = (tracer: OtelTracer, scope: unknown): OtelTracer =>
    part.ask(() => spans.watch(tracer, String(scope)), tracer)();

  /** Puts an accessor in front of what the program registers on its own object. */
  const watchApi = part.guard((object: GlobalApi) => {
    const before = Object.getOwnPropertyDescriptor(object, "trace");
    if (before?.get !== undefined && before.get === accessors.get(object)) return;
    let provider = before?.value as ProxyProvider | undefined;
    if (provider !== undefined) watchProvider(provider);
    const get = (): ProxyProvider | undefined => provider;
    accessors.set(object, get);
    Object.defineProperty(object, "trace", {
      get,
      set(value: ProxyProvider) {
        provider = value;
        watchProvider(value);
      },
      // Absent and undefined are the same to the API.
      enumerable: true,
      configurable: true,
    });
  });

  function watchCopy({ proxy, context }: ApiCopy): void {
    if (watchedProviders.has(proxy)) return;
    watchedProviders.add(proxy);
    const delegateTracer = proxy.getDelegateTracer;
    if (delegateTracer === undefined) return;
    own(proxy, "getDelegateTracer", function (this: unknown, ...args) {
      const tracer = apply(delegateTracer, this, args as [string]);
      if (isOver) return tracer;
      return tracer === undefined ? early(proxy, delegateTracer, args as [string]) : watchTracer(tracer, args[0]);
    });
    const method = context.with;
    own(context, "with", function (this: unknown, ...args) {
      const id = isOver ? 0 : idIn(args[0] as OtelContext | undefined);
      const run = (): unknown => apply(method, this, args as [OtelContext]);
      return id === 0 ? run() : spans.unmanaged.run(id, run);
    });
  }

  const idIn = part.ask((context: OtelContext | undefined) => spans.inContext(context), 0);

  /** The tracer of the copy that does nothing, until its provider has a real one. */
  function earlyTracer(
    proxy: ProxyProvider,
    delegateTracer: NonNullable<ProxyProvider["getDelegateTracer"]>,
    args: readonly [string],
  ): OtelTracer | undefined {
    const tracer = proxy.getDelegate?.().getTracer(...args);
    if (tracer === undefined) return undefined;
    watchTracer(tracer, args[0]);
    let real: OtelTracer | undefined;
    for (const name of ["startSpan", "startActiveSpan"] as const) {
      const method = (tracer as unknown as Readonly<Record<string, (...args: unknown[]) => unknown>>)[name];
      if (method === undefined) continue;
      own(tracer, name, function (this: unknown, ...given) {
        real ??= apply(delegateTracer, proxy, args);
        if (real === undefined) return apply(method, this, given);
        const target = isOver ? real : watchTracer(real, args[0]);
        return apply(
          (target as unknown as Readonly<Record<string, (...args: unknown[]) => unknown>>)[name] as typeof method,
          target,
          given,
        );
      });
    }
    return tracer;
  }

  const early = part.ask(earlyTracer, undefined);

  // Also of a registered API: a copy of another version gets nothing from it.
  const look = part.guard(() => findCopy(getApi));

  function getApi(): GlobalApi | undefined {
    look();
    return api;
  }

  Object.defineProperty(holder, API, {
    get: getApi,
    set(value: GlobalApi | undefined) {
      api = value;
      if (typeof value === "object" && value !== null) watchApi(value);
    },
    enumerable: false,
    configurable: true,
  });
  if (api !== undefined) watchApi(api);

  part.onStop(() => {
    isOver = true;
    if (Object.getOwnPropertyDescriptor(holder, API)?.get !== getApi) return;
    if (api === undefined) delete holder[API];
    else Object.defineProperty(holder, API, { value: api, enumerable: true, configurable: true, writable: true });
  });

  return () => {
    const managed = isOver ? 0 : idIn(api?.context?.active());
    return managed === 0 && !isOver ? (spans.unmanaged.getStore() ?? 0) : managed;
  };
}
