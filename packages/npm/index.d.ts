import type { components } from "./control.js";

type Schemas = components["schemas"];

/** When a script answers, as the control API takes it. */
export type Match = Schemas["ReplyMatch"];

/** A reply as the control API takes it, several of them in turn, or the text that it says. */
export type Reply = string | Schemas["ReplyReply"] | Schemas["ReplyReply"][];

/** One entry of the journal. */
export type Request = Schemas["RequestsEntry"];

/** What one API key is asked and answered: no other sees it, so tests may run at the same time. */
export interface World {
  readonly key: string;
  /** What an SDK reads from its environment. */
  readonly env: Record<"OPENAI_BASE_URL" | "OPENAI_API_KEY" | "DASHSCOPE_HTTP_BASE_URL" | "DASHSCOPE_API_KEY", string>;
  /** Says this when that is asked; the id of the script. */
  when(match: Match, reply: Reply, times?: number): Promise<string>;
  /** Says this to whatever is asked. */
  reply(reply: Reply, times?: number): Promise<string>;
  /** Strikes what is asked with a fault, such as `Throttling.RateQuota`. */
  fault(fault: Schemas["Fault"], times?: number): Promise<{ id: string }>;
  /** What was asked and answered, the newest last. */
  requests(): Promise<Request[]>;
  reset(): Promise<void>;
}

export interface Server {
  /** Where it listens; the page is below `/_mock/`. */
  readonly url: string;
  readonly openaiUrl: string;
  readonly nativeUrl: string;
  /** A world that nobody else knows, or that of a key. */
  world(key?: string): World;
  /** A call of the control API, such as `call("GET", "usage")`; a typed one: see `dashscope-mock/control`. */
  call(method: string, path: string, body?: unknown): Promise<any>;
  stop(): Promise<void>;
}

/** Starts a server on a free port. `args` are options of `dashscope-mock serve`; it ends with this process. */
export function start(options?: { args?: string[]; timeout?: number }): Promise<Server>;

/** The command that runs the server here: `DASHSCOPE_MOCK`, what is installed, or what uv and pipx bring. */
export function command(): string[];
