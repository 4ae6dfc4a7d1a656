import { lstatSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join, posix, relative, resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { errorMessage } from '@execgo/core';
import { Workspace } from '@execgo/process';
import type { ResolvedCliSkillsOptions, SkillsDir } from './options.js';
import { isHidden, type Skill } from './skill.js';
import { listFiles } from './skill-files.js';
import { type ManifestResult, readManifest } from './skill-manifest.js';
import { isBelow, toPosix } from './skill-path.js';

const MANIFEST_FILE = 'SKILL.md';
type ScanOptions = Pick<ResolvedCliSkillsOptions, 'skillsDirs' | 'bounds' | 'interpreters'>;

/** All skills there were at one moment. */
export interface SkillSet {
  /** In the order of their names. */
  readonly skills: ReadonlyMap<string, Skill>;
  /** What kept a skill or a folder out, and the warnings of every skill; each names the file or folder. */
  readonly problems: readonly string[];
}

/** Reads the configured folders; a SKILL.md that has not changed is not parsed again. */
export class SkillScanner {
  private parsed = new Map<string, ParsedManifest>();

  constructor(private readonly options: ScanOptions) {}

  /** Never rejects for what is wrong with a skill: that is left out, and told. */
  async scan(): Promise<SkillSet> {
    const scan = new Scan(this.options, this.parsed);
    for (const dir of this.options.skillsDirs) await scan.addFolder(dir);
    this.parsed = scan.parsed;
    return scan.result();
  }
}

interface ParsedManifest {
  /** Changes whenever the file does. */
  readonly version: string;
  readonly result: ManifestResult;
}

class Scan {
  readonly parsed = new Map<string, ParsedManifest>();
  private readonly found = new Map<string, Skill>();
  private readonly problems: string[] = [];

  constructor(
    private readonly options: ScanOptions,
    private readonly parsedBefore: ReadonlyMap<string, ParsedManifest>,
  ) {}

  result(): SkillSet {
    const byName = [...this.found].sort(([a], [b]) => (a < b ? -1 : 1));
    return { skills: new Map(byName), problems: this.problems };
  }

  async addFolder({ path: given, source }: SkillsDir): Promise<void> {
    const path = resolve(given);
    try {
      if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) await this.addSkills(path, source);
      else this.problems.push(`${path}: there is no such folder of skills; make it, or take it out of the settings`);
    } catch (error) {
      this.problems.push(`${path}: this folder of skills cannot be read: ${errorMessage(error)}`);
    }
  }

  private async addSkills(path: string, source: string): Promise<void> {
    const { maxManifestBytes, maxFileBytes, maxSkills } = this.options.bounds;
    const root = Workspace.open(path, { maxReadBytes: Math.max(maxManifestBytes, maxFileBytes) });
    const { entries, truncated } = await root.list('.');
    if (truncated) this.problems.push(`${path}: has too many entries; some are not looked at`);
    let count = 0;
    for (const { name, stats } of entries) {
      const place = isHidden(name) ? undefined : this.placeOf(root, name, stats);
      if (place === undefined) continue;
      count += 1;
      if (count > maxSkills) {
        this.problems.push(`${path}: has more than ${maxSkills} skills; the others are left out`);
        return;
      }
      await this.addSkill(root, source, name, place);
      await nextTurn();
    }
  }

  /** Where an entry of a folder of skills really lies, relative to that; undefined for what is no folder of a skill. */
  private placeOf(root: Workspace, name: string, stats: Stats): string | undefined {
    if (stats.isDirectory()) return name;
    if (stats.isFile() && name === MANIFEST_FILE) {
      this.problems.push(
        `${join(root.root, name)}: lies in the folder of skills; give that skill a folder of its own in it`,
      );
    }
    if (!stats.isSymbolicLink()) return undefined;
    const path = join(root.root, name);
    try {
      const real = realpathSync.native(path);
      if (isBelow(root.root, real))
        return statSync(real).isDirectory() ? toPosix(relative(root.root, real)) : undefined;
      this.problems.push(
        `${path}: is left out: it is a symbolic link that leads out of the folder of skills; copy the skill, or add ` +
          'the folder that it lies in to the folders of skills',
      );
    } catch (error) {
      this.problems.push(`${path}: is left out: its symbolic link leads nowhere: ${errorMessage(error)}`);
    }
    return undefined;
  }

  private async addSkill(root: Workspace, source: string, name: string, place: string): Promise<void> {
    const folder = join(root.root, place);
    const file = join(folder, MANIFEST_FILE);
    const read = await this.manifestOf(root, posix.join(place, MANIFEST_FILE), file, name);
    if (!read.ok) {
      this.problems.push(`${file}: the skill is left out: ${read.problem}`);
      return;
    }
    const { body, warnings, ...fields } = read.manifest;
    const first = this.found.get(fields.name);
    if (first !== undefined) {
      this.problems.push(
        `${file}: the skill is left out: ${first.folder} has the name ${JSON.stringify(fields.name)} too, and comes first; ` +
          'rename one of them',
      );
      return;
    }
    const where = { folder, place, skillsFolder: root };
    const listed = listFiles(where, this.options);
    const all = [...warnings, ...listed.warnings];
    this.problems.push(
      ...warnings.map((text) => `${file}: ${text}`),
      ...listed.warnings.map((text) => `${folder}: ${text}`),
    );
    const details = { ...fields, source, scripts: listed.scripts, body, files: listed.files, warnings: all };
    this.found.set(fields.name, { ...where, details });
  }

  private async manifestOf(root: Workspace, path: string, file: string, folder: string): Promise<ManifestResult> {
    const { maxManifestBytes } = this.options.bounds;
    const tooLarge = {
      ok: false,
      problem: `the file is larger than ${maxManifestBytes} bytes; move text to other files`,
    } as const;
    try {
      const stats = lstatSync(file, { throwIfNoEntry: false });
      if (stats === undefined) {
        return { ok: false, problem: 'there is no such file; a folder of skills holds one folder for each skill' };
      }
      if (stats.size > maxManifestBytes) return tooLarge;
      const version = [stats.dev, stats.ino, stats.size, stats.mtimeMs, stats.ctimeMs].join(':');
      const before = this.parsedBefore.get(file);
      if (before?.version === version) {
        this.parsed.set(file, before);
        return before.result;
      }
      const content = await root.read(path);
      const result = content.length > maxManifestBytes ? tooLarge : readManifest(content, folder);
      this.parsed.set(file, { version, result });
      return result;
    } catch (error) {
      return { ok: false, problem: errorMessage(error) };
    }
  }
}
