import type { Stats } from 'node:fs';
import { basename } from 'node:path';
import { formatTime } from '@execgo/core';
import type { ListEntry, Workspace } from '@execgo/process';
import { type CheckedTool, defineTool, fieldError } from '@execgo/tool-input';
import * as v from 'valibot';
import { formatFileMode } from '../file-mode.js';

const ACTIONS = ['read', 'write', 'append', 'delete', 'stat', 'list'] as const;
const ENCODINGS = ['utf8', 'base64'] as const;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const text = v.string('expected a string');

const schema = v.object({
  action: v.picklist(ACTIONS, `expected one of ${ACTIONS.join(', ')}`),
  path: v.pipe(text, v.description('Relative to the workspace, or absolute and inside it.')),
  content: v.optional(v.pipe(text, v.description('For write and append; nothing where absent.'))),
  encoding: v.optional(
    v.pipe(
      v.picklist(ENCODINGS, `expected one of ${ENCODINGS.join(', ')}`),
      v.description('How content stands in JSON: text (the default), or base64 for any bytes.'),
    ),
  ),
});
type FileInput = v.InferOutput<typeof schema>;

/** Reads and changes files of the workspace, and nothing outside of it. */
export function fileTool(workspace: Workspace): CheckedTool {
  return defineTool({
    name: 'file',
    description:
      'Reads, writes, appends to, deletes, stats or lists files of the workspace. read: {content, size}; write and append ' +
      '(which make parent folders): {bytes_written}; delete: {deleted}; stat: {name, size, mode, mod_time, is_dir}; list: {entries}.',
    annotations: { read_only: false, destructive: true, open_world: false },
    schema,
    check({ input }, path) {
      if (input.path !== undefined) workspace.check(input.path);
      const { content, encoding } = input;
      if (encoding === 'base64' && content !== undefined && !(BASE64.test(content) && content.length % 4 === 0)) {
        throw fieldError(`${path}.content`, 'expected base64');
      }
    },
    run: (input) => act(workspace, input),
  });
}

async function act(workspace: Workspace, input: FileInput): Promise<unknown> {
  const { action, path } = input;
  switch (action) {
    case 'read': {
      const bytes = await workspace.read(path);
      return { content: bytes.toString(input.encoding ?? 'utf8'), size: bytes.length };
    }
    case 'write':
    case 'append': {
      const bytes = Buffer.from(input.content ?? '', input.encoding ?? 'utf8');
      await workspace[action](path, bytes);
      return { bytes_written: bytes.length };
    }
    case 'delete':
      await workspace.remove(path);
      return { deleted: true };
    case 'stat':
      return described(basename(path), await workspace.stat(path));
    case 'list': {
      const { entries, truncated } = await workspace.list(path);
      return { entries: entries.map(describedEntry), ...(truncated ? { truncated } : {}) };
    }
  }
}

function describedEntry({ name, stats }: ListEntry): unknown {
  return described(name, stats);
}

function described(name: string, stats: Stats): unknown {
  return {
    name,
    size: stats.size,
    mode: formatFileMode(stats),
    mod_time: formatTime(stats.mtimeMs),
    is_dir: stats.isDirectory(),
  };
}
