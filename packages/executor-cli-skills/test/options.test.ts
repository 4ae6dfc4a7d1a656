import { describe, expect, it } from 'vitest';
import { type CliSkillsExecutorOptions, resolveCliSkillsOptions } from '../src/index.js';

describe('options', () => {
  it('are the safe ones by default', () => {
    const options = resolveCliSkillsOptions();
    expect(options).toMatchObject({
      skillsDirs: [],
      workspace: './workspace',
      shellPolicy: 'allowlist',
      confinement: { name: 'none' },
      limits: { output_max_bytes: 64 * 1024 * 1024 },
      inheritEnv: false,
      unconfinedFiles: false,
      rescanMs: 1_000,
      bounds: { maxSkills: 1_000, maxManifestBytes: 262_144, maxFiles: 1_000, maxDepth: 8, maxFileBytes: 1_048_576 },
    });
    expect(options.interpreters.get('.py')).toEqual(['python3']);
    expect(options.interpreters.get('.js')).toEqual([process.execPath]);
  });

  it('a folder of skills may be a text', () => {
    expect(resolveCliSkillsOptions({ skillsDirs: ['a', { path: 'b', source: 'project' }] }).skillsDirs).toEqual([
      { path: 'a', source: 'user' },
      { path: 'b', source: 'project' },
    ]);
  });

  it('interpreters are added to the defaults; an empty list takes one away', () => {
    const { interpreters } = resolveCliSkillsOptions({ interpreters: { '.LUA': ['lua', '-'], '.rb': [] } });
    expect(interpreters.get('.lua')).toEqual(['lua', '-']);
    expect(interpreters.has('.rb')).toBe(false);
    expect(interpreters.has('.py')).toBe(true);
  });

  it.each<[CliSkillsExecutorOptions, string]>([
    [{ workspace: '' }, 'option workspace: expected a folder, got ""'],
    [{ shellPolicy: 'none' as never }, 'option shellPolicy: expected one of allowlist, open, got "none"'],
    [{ skillsDirs: [''] }, 'option skillsDirs[0].path: expected a folder, got ""'],
    [{ skillsDirs: ['a', { path: 'b', source: '' }] }, 'option skillsDirs[1].source: expected a text, got ""'],
    [{ interpreters: { py: ['x'] } }, 'option interpreters["py"]: expected an ending such as ".py", got "py"'],
    [{ interpreters: { '.py': 'x' as never } }, 'option interpreters[".py"]: expected a list of texts'],
    [{ interpreters: { '.py': [''] } }, 'option interpreters[".py"]: expected a list of texts'],
    [{ bounds: { maxSkills: 0 } }, 'option bounds.maxSkills: expected an integer, 1 or more, got 0'],
    [{ bounds: { maxFileBytes: 1.5 } }, 'option bounds.maxFileBytes: expected an integer, 1 or more, got 1.5'],
    [{ rescanMs: -1 }, 'option rescanMs: expected an integer, 0 or more, got -1'],
    [{ limits: { wall_time_ms: -5 } }, 'limits.wall_time_ms: expected a positive integer, got -5'],
  ])('a bad one is named: %j', (options, message) => {
    expect(() => resolveCliSkillsOptions(options)).toThrow(message);
  });
});
