/** Modules that carry no types of their own. */

/** The build of msgpackr that compiles no functions: the page's policy forbids evaluating strings. Same interface. */
declare module "msgpackr/index-no-eval" {
  export * from "msgpackr";
}

declare module "*.css";
