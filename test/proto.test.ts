import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { toolEnv } from '../scripts/toolchain.mjs';

const ROOT = resolve(import.meta.dirname, '..');
const GENERATED = join(ROOT, 'packages/server-grpc/src/gen');
const BASELINE = join(ROOT, 'proto/v1-baseline.binpb');

function buf(cwd: string, ...args: readonly string[]): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync('buf', args, { cwd, env: toolEnv(), encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'execgo-proto-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function filesIn(folder: string): Readonly<Record<string, string>> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

it('the proto files are clean (buf lint)', () => {
  expect(buf(ROOT, 'lint')).toEqual({ status: 0, output: '' });
});

it('services, messages and numbers of v1 are fixed: nothing in them is broken (buf breaking)', () => {
  expect(buf(ROOT, 'breaking', '--against', BASELINE)).toEqual({ status: 0, output: '' });
});

it('a number of v1 that changes would be told', () => {
  const folder = freshFolder();
  cpSync(join(ROOT, 'proto'), join(folder, 'proto'), { recursive: true });
  cpSync(join(ROOT, 'buf.yaml'), join(folder, 'buf.yaml'));
  const file = join(folder, 'proto/execgo/v1/execgo.proto');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace('string status = 7;', 'string status = 70;'));
  expect(readFileSync(file, 'utf8')).not.toBe(text);
  const { status, output } = buf(folder, 'breaking', '--against', BASELINE);
  expect([status, output]).toEqual([100, expect.stringContaining('field "7" with name "status" on message "Task"')]);
});

it('the generated code is what the proto files give: node scripts/generate-proto.mjs', () => {
  const folder = freshFolder();
  expect(buf(ROOT, 'generate', '--output', folder)).toEqual({ status: 0, output: '' });
  expect(filesIn(join(folder, 'packages/server-grpc/src/gen'))).toEqual(filesIn(GENERATED));
});
