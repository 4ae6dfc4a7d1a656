import { type Dirent, lstatSync, opendirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { errorMessage, type SkillFile } from '@execgo/core';
import type { ResolvedCliSkillsOptions } from './options.js';
import { isRunnable } from './script-launch.js';
import { isHidden, SCRIPTS_FOLDER, type Skill } from './skill.js';
import { realFileOf } from './skill-path.js';

/** What programs leave behind and no author wrote. */
const SKIPPED_FOLDERS: ReadonlySet<string> = new Set(['node_modules', '__pycache__']);

/** How many entries of one folder are read at most, for each file that may be listed: hidden ones are among them. */
const ENTRIES_PER_FILE = 10;

/** The files of a skill. */
export interface SkillFiles {
  /** By path. */
  readonly files: readonly SkillFile[];
  /** Paths inside `scripts/` of what can be run. */
  readonly scripts: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Lists the files of a skill, but hidden ones. Links to files inside the skill count as files; no other link is followed. Names
 * and sizes alone are read, by path: what a file holds is read by way of the folder of skills.
 */
export function listFiles(
  skill: Omit<Skill, 'details'>,
  { bounds, interpreters }: Pick<ResolvedCliSkillsOptions, 'bounds' | 'interpreters'>,
): SkillFiles {
  const files: SkillFile[] = [];
  const scripts: string[] = [];
  const warnings: string[] = [];
  const add = (path: string, { size, mode }: Stats) => {
    files.push({ path, size });
    const inScripts = path.startsWith(`${SCRIPTS_FOLDER}/`) ? path.slice(SCRIPTS_FOLDER.length + 1) : undefined;
    if (inScripts !== undefined && isRunnable(inScripts, mode, interpreters)) scripts.push(inScripts);
  };
  const folders: { readonly path: string; readonly depth: number }[] = [{ path: '', depth: 0 }];
  let seen = 0;
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of entriesOf(join(skill.folder, folder.path), bounds.maxFiles, folder.path, warnings)) {
      if (isHidden(entry.name) || SKIPPED_FOLDERS.has(entry.name)) continue;
      const path = folder.path === '' ? entry.name : `${folder.path}/${entry.name}`;
      seen += 1;
      if (seen > bounds.maxFiles) {
        warnings.push(`has more than ${bounds.maxFiles} files and folders; the others are not listed`);
        return sorted({ files, scripts, warnings });
      }
      if (entry.isDirectory()) {
        if (folder.depth < bounds.maxDepth) folders.push({ path, depth: folder.depth + 1 });
        else warnings.push(`${path}: lies deeper than ${bounds.maxDepth} folders; what is in it is not listed`);
      } else if (entry.isSymbolicLink()) {
        const target = linkTarget(skill, path, warnings);
        if (target !== undefined) add(path, target);
      } else if (entry.isFile()) {
        const stats = lstatSync(join(skill.folder, path), { throwIfNoEntry: false });
        if (stats?.isFile()) add(path, stats);
      }
    }
  }
  return sorted({ files, scripts, warnings });
}

/** By name, so that the same ones are left out every time; a folder with very many entries is not read to its end. */
function entriesOf(folder: string, maxFiles: number, shown: string, warnings: string[]): readonly Dirent[] {
  const entries: Dirent[] = [];
  try {
    const open = opendirSync(folder);
    try {
      for (let entry = open.readSync(); entry !== null; entry = open.readSync()) {
        if (entries.length > ENTRIES_PER_FILE * maxFiles) break;
        entries.push(entry);
      }
    } finally {
      open.closeSync();
    }
  } catch (error) {
    warnings.push(`${shown || 'the skill'}: cannot be listed: ${errorMessage(error)}`);
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What a link leads to, where that is a file inside the same bounds as the link. */
function linkTarget(skill: Omit<Skill, 'details'>, path: string, warnings: string[]): Stats | undefined {
  try {
    const base = path.startsWith(`${SCRIPTS_FOLDER}/`) ? SCRIPTS_FOLDER : '';
    const { real } = realFileOf(skill, base, base === '' ? path : path.slice(base.length + 1), 'file');
    const target = statSync(real);
    if (target.isFile()) return target;
    warnings.push(`${path}: is a symbolic link to a folder, which is not followed; put the folder itself there`);
  } catch (error) {
    warnings.push(`${path}: is left out: ${errorMessage(error)}`);
  }
  return undefined;
}

function sorted({
  files,
  scripts,
  warnings,
}: {
  files: SkillFile[];
  scripts: string[];
  warnings: string[];
}): SkillFiles {
  return { files: files.sort((a, b) => (a.path < b.path ? -1 : 1)), scripts: scripts.sort(), warnings };
}
