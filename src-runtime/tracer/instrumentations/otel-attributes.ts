/**
 * A span's attributes as they may be recorded: values of the allowed types, addresses cleaned, contents dropped.
 *
 * Spans carry what their authors put there; these keys are known to hold prompts, answers, arguments, bodies and
 * headers in the conventions of OpenTelemetry, the AI SDK, OpenInference and OpenLLMetry.
 */
import type { AttributeValue, Attributes } from "../../protocol/message.ts";
import { cleanUrl } from "./url.ts";

const CONTENT = [
  /^gen_ai\.(prompt|completion|content|input\.messages|output\.messages|system_instructions|tool\.definitions)/,
  /^gen_ai\.evaluation\.explanation$/,
  /^ai\.(prompt|value|values|embedding|embeddings|documents|ranking|settings\.context)/,
  /^ai\.(response\.(text|object|reasoning|toolCalls|files|providerMetadata)|result\.|schema|toolCall\.(args|result))/,
  /^(llm|traceloop)\.(.*\.)?(prompts?|completions?|input|output|entity\.input|entity\.output|messages?|input_messages|output_messages)(\.|$)/,
  /^(input|output)(\.|$)/,
  /(^|\.)(arguments|args|parameters|result|results|body|text|content|message|messages|query|statement|header|headers|cookie|cookies|stacktrace|query_text)(\.|$)/,
];
const ADDRESS = /^(http\.(url|target)|url\.(full|path|original|template)|.*\.(url|uri|endpoint))$/;
/** Half addresses that are nothing but secrets. */
const DROPPED = /^(url\.(query|fragment)|enduser\..*|.*(password|secret|token|authorization|api_?key))$/i;
/** Of counts that end like a secret. */
const COUNT = /tokens?$/i;

const MAX_ATTRIBUTES = 64;
const MAX_TEXT = 1000;
const MAX_CONTENT = 100_000;

export function spanAttributes(
  given: Readonly<Record<string, unknown>> | undefined,
  captureContent: boolean,
): Attributes {
  const kept: Record<string, AttributeValue> = {};
  let count = 0;
  for (const [key, value] of Object.entries(given ?? {})) {
    if (count >= MAX_ATTRIBUTES) break;
    const copy = copyOf(key, value, captureContent);
    if (copy === undefined) continue;
    kept[key] = copy;
    count++;
  }
  return kept;
}

function copyOf(key: string, value: unknown, captureContent: boolean): AttributeValue | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value === "boolean") return value;
  if (DROPPED.test(key) && !COUNT.test(key)) return undefined;
  if (!captureContent && isContent(key)) return undefined;
  if (typeof value === "string") {
    const text = ADDRESS.test(key) ? cleanUrl(value) : value;
    return text.slice(0, captureContent ? MAX_CONTENT : MAX_TEXT);
  }
  if (!Array.isArray(value)) return undefined;
  const items: readonly unknown[] = value.slice(0, MAX_ATTRIBUTES);
  if (items.every((item) => typeof item === "number")) return items;
  if (!items.every((item) => typeof item === "string")) return undefined;
  return items.map((item) => (ADDRESS.test(key) ? cleanUrl(item) : item).slice(0, MAX_TEXT));
}

function isContent(key: string): boolean {
  return CONTENT.some((pattern) => pattern.test(key));
}
