import { jsonAnswer, type Operation, pathParameter } from '../openapi/operation.js';
import { Skill, Skills } from '../schemas/server.js';

const NAME = pathParameter('name', 'Name of the skill.', 'word-count');
const SUMMARY = {
  name: 'word-count',
  description: 'Counts the words of a text.',
  source: 'user',
  scripts: ['count.mjs'],
};

export const LIST_SKILLS: Operation = {
  operationId: 'listSkills',
  tag: 'skills',
  summary: 'What skills there are',
  answers: { 200: jsonAnswer('The skills, by name.', Skills, { skills: [SUMMARY] }) },
};

export const GET_SKILL: Operation = {
  operationId: 'getSkill',
  tag: 'skills',
  summary: 'The instructions of a skill, and its files',
  parameters: [NAME],
  answers: {
    200: jsonAnswer('The skill.', Skill, {
      ...SUMMARY,
      body: 'Run `count.mjs` with the text on stdin.',
      files: [{ path: 'scripts/count.mjs', size: 412 }],
      warnings: [],
    }),
  },
  errors: ['not_found'],
};

export const GET_SKILL_FILE: Operation = {
  operationId: 'getSkillFile',
  tag: 'skills',
  summary: 'One file of a skill',
  parameters: [NAME, pathParameter('path', 'Relative to the skill; its slashes stay as they are.', 'reference.md')],
  answers: {
    200: {
      description: 'The file.',
      content: {
        'text/plain': { schema: { type: 'string' }, example: '# Reference\n' },
        'application/octet-stream': { schema: {}, example: 'any bytes' },
      },
    },
  },
  errors: ['not_found', 'too_large'],
};
