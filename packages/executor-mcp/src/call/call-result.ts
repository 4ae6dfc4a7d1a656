import { ExecGoError } from '@execgo/core';
import type { CallToolResult } from '@modelcontextprotocol/client';
import { clip } from '../clip.js';
import type { Redact } from '../config/redact.js';

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

/**
 * @param redact for the message of an error; a result is the tool's own output and stays as it is
 * @throws ExecGoError `external_failure` when the tool says that it failed; `details.result` keeps what it said
 */
export function callResult(server: string, tool: string, answer: CallToolResult, redact: Redact): McpResult {
  const { content = [], structuredContent } = answer;
  const text = content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
  const structured = structuredContent === undefined ? {} : { structured_content: structuredContent };
  const result: McpResult = { content, ...structured, text, server, tool };
  if (answer.isError !== true) return result;
  const message = clip(redact(text.trim()), MAX_MESSAGE_LENGTH) || `${server}.${tool} failed and did not say why`;
  throw new ExecGoError('external_failure', message, { source: `${server}.${tool}`, details: { result } });
}
