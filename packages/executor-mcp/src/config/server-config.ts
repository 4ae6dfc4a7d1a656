/** Which protocol a server is spoken to in: `auto` asks it once and remembers; `legacy` is 2025-11-25 and older. */
export const ERAS = ['auto', 'legacy', '2026-07-28'] as const;
export type Era = (typeof ERAS)[number];

/** How a server that cannot be started is tried again. */
export interface RestartSettings {
  /** Failed starts in a row after which the server counts as broken. @default 5 */
  readonly maxAttempts?: number;
  /** Milliseconds before the second start; doubles with each failure. @default 500 */
  readonly baseMs?: number;
  /** Longest wait between two starts, and how long a broken server is left alone, in milliseconds. @default 30000 */
  readonly maxMs?: number;
}

/** What ExecGo wants to know of a server beyond what MCP hosts share: the member `execgo` of its configuration. */
export interface McpServerSettings {
  /** Milliseconds a call may take without an answer or a progress note. @default 60000 */
  readonly timeoutMs?: number;
  /** Milliseconds a call may take at all. @default 600000 */
  readonly maxTotalTimeoutMs?: number;
  /** Milliseconds for a connection, its handshake and each listing of tools. @default 15000 */
  readonly connectTimeoutMs?: number;
  /** Calls at once; further ones wait. @default 8 */
  readonly maxConcurrency?: number;
  /** Milliseconds without a call after which the connection is closed. @default never */
  readonly idleTimeoutMs?: number;
  /** Tools that may be seen and called; `*` stands for any characters. @default all */
  readonly allowTools?: readonly string[];
  /** Tools that may not, even where `allowTools` names them. @default none */
  readonly denyTools?: readonly string[];
  /** @default 'auto' */
  readonly era?: Era;
  readonly restart?: RestartSettings;
  /** Run a stdio server in the sandbox; `true` shows it the system's programs alone. @default false */
  readonly sandbox?: boolean | SandboxSettings;
}

/** What a server in the sandbox gets; relative folders start where ExecGo runs. */
export interface SandboxSettings {
  /** False cuts it off the network. @default true */
  readonly network?: boolean;
  /** Folders it may read beside the system's: that of its own program, mostly. @default none */
  readonly readable?: readonly string[];
  /** Folders it may write to. @default none */
  readonly writable?: readonly string[];
}

interface ServerConfigBase {
  /** A server that is switched off is left out. @default false */
  readonly disabled?: boolean;
  readonly execgo?: McpServerSettings;
  /** Values that are taken out of messages, beside those of `env` and `headers`. */
  readonly secrets?: readonly string[];
}

/** A server that ExecGo starts as a child process and speaks to over its stdin and stdout. */
export interface StdioServerConfig extends ServerConfigBase {
  readonly type?: 'stdio';
  readonly command: string;
  readonly args?: readonly string[];
  /** Beside PATH, HOME, LANG and TZ of this process, all that the server's environment holds. */
  readonly env?: Readonly<Record<string, string>>;
  /** @default the folder that this process runs in */
  readonly cwd?: string;
}

/** A server that is reached by URL, over streamable HTTP. */
export interface HttpServerConfig extends ServerConfigBase {
  readonly type?: 'http' | 'streamable-http';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One entry of `mcpServers`, variables already put in. */
export type McpServerConfig = StdioServerConfig | HttpServerConfig;
