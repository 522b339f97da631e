/** What can go wrong in an agent besides what the runtime itself throws. */

/** A tool failed, and the agent was told to fail with it (`onToolError: "throw"`). `cause` is the tool's own error. */
export class ToolError extends Error {
  override readonly name: string = "ToolError";
  readonly toolName: string;
  readonly toolCallId: string;

  constructor(toolName: string, toolCallId: string, cause: unknown) {
    super(`Tool ${toolName} failed: ${messageOf(cause)}`, { cause });
    this.toolName = toolName;
    this.toolCallId = toolCallId;
  }
}

/** A model's answer came to no proper end: its stream broke off, or it said nothing at all. */
export class ModelError extends Error {
  override readonly name: string = "ModelError";
  readonly model: string;

  constructor(model: string, what: string, options?: ErrorOptions) {
    super(`Model ${model}: ${what}`, options);
    this.model = model;
  }
}

/** An error in words a model can use. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message === "" ? error.name : error.message;
  return String(error);
}
