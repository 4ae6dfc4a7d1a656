import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

/** Put together here, so that this file does not hold what it forbids. */
const REGISTRIES = ['npmjs.org', 'yarnpkg.com', 'npmmirror.com'].map((domain) => ['registry', domain].join('.'));

const tracked = execFileSync('git', ['ls-files', '-z'], { encoding: 'utf8' })
  .split('\0')
  .filter((path) => path !== '' && existsSync(path));

it('no tracked file names a package registry', () => {
  expect(tracked).toContain('pnpm-lock.yaml');
  const naming = tracked.filter((path) => {
    const text = readFileSync(path, 'latin1');
    return REGISTRIES.some((host) => text.includes(host));
  });
  expect(naming).toEqual([]);
});

it('the lock file holds hashes and no addresses to download from', () => {
  const addresses = readFileSync('pnpm-lock.yaml', 'utf8')
    .split('\n')
    .filter((line) => /\b(resolved|tarball):/.test(line));
  expect(addresses).toEqual([]);
});

it('what a run leaves behind is never tracked', () => {
  expect(tracked.filter((path) => /(^|\/)(node_modules|dist|\.cache|\.turbo|data|workspace)\//.test(path))).toEqual([]);
});
