import { ExecGoError } from '@execgo/core';
import type { CallToolResult } from '@modelcontextprotocol/client';
import { clip } from '../clip.js';

const MAX_MESSAGE_LENGTH = 2_000;

/** The result of a task of type `mcp`, as it stands on the wire. */
export interface McpResult {
  readonly content: CallToolResult['content'];
  readonly structured_content?: unknown;
  /** The text parts of the content, joined by line feeds. */
  readonly text: string;
  readonly server: string;
  readonly tool: string;
}

/** @throws ExecGoError `external_failure` when the tool says that it failed; `details.result` keeps what it said */
export function callResult(server: string, tool: string, answer: CallToolResult): McpResult {
  const { content = [], structuredContent } = answer;
  const text = content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
  const structured = structuredContent === undefined ? {} : { structured_content: structuredContent };
  const result: McpResult = { content, ...structured, text, server, tool };
  if (answer.isError !== true) return result;
  const message = clip(text.trim(), MAX_MESSAGE_LENGTH) || `${server}.${tool} failed and did not say why`;
  throw new ExecGoError('external_failure', message, { source: `${server}.${tool}`, details: { result } });
}
