import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ExecGoError, errorMessage } from '@execgo/core';

const run = promisify(execFile);

/**
 * Stops a process, then asks its file system to be shut down at once, without another byte reaching the disk
 * (`EXT4_IOC_SHUTDOWN`), some microseconds later. A machine without power acknowledges nothing either: without the stop a flush
 * that the shutdown meets half-way may return as if it had been done.
 */
const CUT_POWER = `open(my $mount, '<', $ARGV[0]) or die "$ARGV[0]: $!";
my $how = pack('L', $ARGV[1]);
kill('STOP', $ARGV[2]) or die "stop: $!";
ioctl($mount, 0x8004587D, $how) or die "shutdown: $!";`;

/** Why file systems cannot be mounted here; undefined where they can. */
export const whyNoMount: string | undefined = (() => {
  try {
    const script =
      'mount -t tmpfs -o size=64k none /mnt && umount /mnt && test -e /dev/loop-control && command -v mkfs.ext4';
    execFileSync('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    const said = String((error as { stderr?: unknown }).stderr ?? '').trim();
    return `file systems cannot be mounted here: ${said === '' ? errorMessage(error) : said}`;
  }
})();

/** What a power cut leaves of changes to names and sizes that nobody flushed: nothing, or what a commit in the last moment brought. */
export type Cut = 'as flushed' | 'with the last metadata';
const CUT_FLAGS: Readonly<Record<Cut, string>> = { 'with the last metadata': '1', 'as flushed': '2' };

/**
 * A mount that only processes started `through` it see; `copyOut` shows this process what is there. It lives in a mount
 * namespace that a small process holds: when that ends, however this one ends, the kernel unmounts and detaches everything.
 */
export class PrivateMount {
  private constructor(
    private readonly holder: number,
    private readonly place: string,
    private readonly source: readonly string[],
    private readonly end: () => Promise<void>,
  ) {}

  /** A file system in memory of a fixed size, such as `256k`. */
  static async tmpfs(folder: string, size: string): Promise<PrivateMount> {
    return PrivateMount.hold(folder, ['-t', 'tmpfs', '-o', `size=${size}`, 'none']);
  }

  /** A new ext4 on a disk that is a file. It writes nothing by itself but what is flushed, for as long as a test may take. */
  static async ext4(folder: string, options: readonly string[] = []): Promise<PrivateMount> {
    const image = join(folder, 'disk.img');
    await run('truncate', ['-s', '64M', image]);
    await run('mkfs.ext4', ['-q', '-F', image]);
    return PrivateMount.hold(folder, ['-t', 'ext4', '-o', ['loop', 'commit=600', ...options].join(), image]);
  }

  private static async hold(folder: string, source: readonly string[]): Promise<PrivateMount> {
    const place = join(folder, 'mount');
    mkdirSync(place);
    const holder = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', 'echo ready; exec cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      cwd: '/',
    });
    const ended = once(holder, 'close');
    await Promise.race([once(holder.stdout, 'data'), ended]);
    if (holder.exitCode !== null) throw new ExecGoError('internal', 'no mount namespace could be made');
    const mount = new PrivateMount(holder.pid as number, place, source, async () => {
      holder.stdin.end();
      await ended;
    });
    await mount.mount();
    return mount;
  }

  /** What to start a process through that is to see it, at `inside`. */
  get through(): readonly string[] {
    return ['nsenter', '--mount', `--target=${this.holder}`, '--'];
  }

  /** Where processes started `through` it find it. */
  get inside(): string {
    return this.place;
  }

  /** Where this process finds it; not for what asks for real paths. */
  private get path(): string {
    return `/proc/${this.holder}/root${this.place}`;
  }

  /**
   * Pulls the plug of the disk and of the process that writes to it: what was not flushed by then is gone, and nothing can be
   * written until it is mounted again. The process stands still and is yet to be killed.
   */
  async cutPower(how: Cut, pid: number): Promise<void> {
    await run('perl', ['-e', CUT_POWER, this.path, CUT_FLAGS[how], `${pid}`]);
  }

  /** Unmounts and mounts again, as a machine does that starts: nothing of what was in memory is left. */
  async restart(): Promise<void> {
    await this.enter('umount', this.place);
    await this.mount();
  }

  /** Copies a folder of it to a place outside, as it is; nothing where it is not there. */
  async copyOut(name: string, to: string): Promise<void> {
    await this.enter('sh', '-c', 'test ! -e "$0" || cp -a "$0" "$1"', join(this.place, name), to);
  }

  /** Makes a tmpfs larger. */
  async grow(size: string): Promise<void> {
    await this.enter('mount', '-o', `remount,size=${size}`, this.place);
  }

  /** Unmounts; every process started `through` it has to have ended. */
  async remove(): Promise<void> {
    await this.end();
  }

  private async mount(): Promise<void> {
    await this.enter('mount', ...this.source, this.place);
  }

  private async enter(...command: readonly string[]): Promise<void> {
    const [program = '', ...args] = [...this.through, ...command];
    await run(program, args, { cwd: '/' });
  }
}
