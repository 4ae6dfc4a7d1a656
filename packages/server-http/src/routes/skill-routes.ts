import { ExecGoError, type SkillCatalogue, type SkillFileContent } from '@execgo/core';
import type { ResolvedOptions } from '../app-options.js';
import type { Call } from '../call.js';
import type { Route } from '../endpoint.js';
import { pathGroups, pathId } from '../path-id.js';
import { GET_SKILL, GET_SKILL_FILE, LIST_SKILLS } from './skill-operations.js';

/** Taken from the URL as it was sent, wherever the app is mounted. */
const FILE = /\/skills\/([^/]+)\/files\/(.+)$/;

/** `/skills/*`: what there is, then the instructions of one skill, then single files: an agent reads no more than it needs. */
export function skillRoutes({ skills = NO_SKILLS }: ResolvedOptions): readonly Route[] {
  return [
    {
      path: '/skills',
      methods: {
        GET: { operation: LIST_SKILLS, handle: async (call) => call.json(200, { skills: await skills.list() }) },
      },
    },
    {
      path: '/skills/:name',
      methods: {
        GET: {
          operation: GET_SKILL,
          handle: async (call) => call.json(200, await skills.get(pathId(call.url, 0))),
        },
      },
    },
    {
      path: '/skills/:name/files/:path{.+}',
      methods: {
        GET: {
          operation: GET_SKILL_FILE,
          handle: async (call) => {
            const [name = '', path = ''] = pathGroups(call.url, FILE);
            return fileAnswer(call, await skills.file(name, path));
          },
        },
      },
    },
  ];
}

const NO_SKILLS: SkillCatalogue = {
  list: async () => [],
  get: (name) => Promise.reject(unknownSkill(name)),
  file: (name) => Promise.reject(unknownSkill(name)),
};

function unknownSkill(name: string): ExecGoError {
  return new ExecGoError('not_found', `skill not found: ${name}`, { details: { skill: name } });
}

/** Text as text, everything else as bytes to be saved: no browser is to take a skill's file for a page of this server. */
function fileAnswer(call: Call, { bytes }: SkillFileContent): Response {
  const headers = { 'X-Content-Type-Options': 'nosniff', 'Content-Security-Policy': "default-src 'none'; sandbox" };
  const text = asText(bytes);
  if (text !== undefined) return call.answer(200, 'text/plain; charset=utf-8', text, headers);
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });
  return call.answer(200, 'application/octet-stream', body, headers);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function asText(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}
