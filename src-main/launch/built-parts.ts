/**
 * Where the built parts of this installation lie. The bin finds them (in a checkout it builds what is missing, in a
 * package they ship under `dist/`) and hands them to `main`, so that nothing else has to know which of the two it is.
 */
export interface BuiltParts {
  /** The bin itself, to run a command in a process of its own. */
  readonly bin: string;
  /** What a traced program loads (CommonJS). `watchdog` lies beside it. */
  readonly register: string;
  readonly watchdog: string;
  /** The built interface. In a checkout the first call builds it, which takes some seconds. */
  readonly rendererDir: () => Promise<string>;
  /** The example agents: sources in a checkout, built programs in a package. */
  readonly examplesDir: string;
  /** What an example's file ends in, there. */
  readonly exampleExtension: ".ts" | ".js";
}
