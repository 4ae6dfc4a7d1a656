import type { Scope } from '@execgo/access';
import type { JsonObject } from '@execgo/core';
import type { Tool } from '@modelcontextprotocol/server';
import type { ToolCall } from './tool-call.js';

/** A tool that looks at the kernel or commands it: the five that every server has. */
export interface KernelTool {
  /** What a token must be good for. */
  readonly scope: Scope;
  readonly definition: Tool;
  /** Resolves to the structured content. @throws ExecGoError, which becomes an error that the model sees */
  call(call: ToolCall): Promise<JsonObject>;
}
