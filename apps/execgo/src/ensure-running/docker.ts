import { execFile } from 'node:child_process';

export interface DockerRun {
  readonly isOk: boolean;
  /** What became of it, in a sentence. */
  readonly note: string;
}

export interface DockerOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Images may have to be fetched or built first. In milliseconds. */
const TIMEOUT_MS = 600_000;
const MAX_NOTE = 1000;

/** Runs a docker command to its end. Never rejects: where there is no docker, the note says so. */
export function docker(args: readonly string[], { cwd, env }: DockerOptions): Promise<DockerRun> {
  const shown = `docker ${args.join(' ')}`;
  return new Promise((resolve) => {
    execFile('docker', args, { cwd, env, timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
      if (error === null) return resolve({ isOk: true, note: `${shown}: ${stdout.trim().slice(-MAX_NOTE) || 'done'}` });
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
        return resolve({ isOk: false, note: 'docker is not installed, or not on PATH' });
      }
      const why = (stderr || stdout || error.message).trim().slice(-MAX_NOTE);
      resolve({ isOk: false, note: `${shown} failed: ${why}` });
    });
  });
}
