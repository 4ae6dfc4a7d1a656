import { statSync } from 'node:fs';
import { ExecGoError, type Executor, type RunContext, type TaskSpec, type Tool } from '@execgo/core';
import { endLeftovers, Workspace } from '@execgo/process';
import { type CheckedTool, withTask } from '@execgo/tool-input';
import { type OsExecutorOptions, type ResolvedOsOptions, resolveOsOptions } from './options.js';
import { dnsTool } from './tools/dns.js';
import { fileTool } from './tools/file.js';
import { type HttpTool, httpTool } from './tools/http.js';
import { noopTool } from './tools/noop.js';
import { shellTool } from './tools/shell.js';
import { sleepTool } from './tools/sleep.js';
import { tcpTool } from './tools/tcp.js';

/**
 * The executor of category `os`: the tools shell, file, http, dns, tcp, sleep and noop. It makes the workspace at once;
 * `open` ends what an earlier life of the store left running; `close` gives up kept connections. A task's `params` win over
 * its `input`.
 *
 * @throws ConfigError for a bad option
 */
export function createOsExecutor(options: OsExecutorOptions = {}): Executor {
  return new OsExecutor(resolveOsOptions(options));
}

class OsExecutor implements Executor {
  readonly category = 'os';
  private readonly workspace: Workspace;
  private readonly http: HttpTool;
  private readonly byName: ReadonlyMap<string, CheckedTool>;

  constructor(options: ResolvedOsOptions) {
    const { egress: guard } = options;
    this.workspace = Workspace.open(options.workspace, {
      protectedPaths: options.protectedPaths,
      maxReadBytes: options.maxReadBytes,
      confined: !options.unconfinedFiles,
    });
    this.http = httpTool(guard, {
      maxBodyBytes: options.maxBodyBytes,
      maxRedirects: options.maxRedirects,
      timeoutMs: options.httpTimeoutMs,
    });
    const tools = [
      shellTool({
        workspace: this.workspace,
        policy: options.shellPolicy,
        inheritEnv: options.inheritEnv,
        limits: options.limits,
        confinement: options.confinement,
      }),
      fileTool(this.workspace),
      this.http.tool,
      dnsTool(guard, options.resolver),
      tcpTool(guard),
      sleepTool(options.clock),
      noopTool(),
    ];
    this.byName = new Map(tools.map((entry) => [entry.tool.name, entry]));
  }

  async open({ storeId }: { readonly storeId: string }): Promise<void> {
    await endLeftovers(storeId);
  }

  async tools(): Promise<readonly Tool[]> {
    return [...this.byName.values()].map(({ tool }) => tool);
  }

  check(task: TaskSpec): void {
    try {
      const { raw, path } = inputOf(task);
      this.toolOf(task).check(raw, path);
    } catch (error) {
      throw withTask(error, task);
    }
  }

  async execute(task: TaskSpec, run: RunContext): Promise<unknown> {
    const { raw, path } = inputOf(task);
    return this.toolOf(task).run(raw, path, { taskId: task.id, run });
  }

  async health(): Promise<void> {
    const { root } = this.workspace;
    if (statSync(root, { throwIfNoEntry: false })?.isDirectory() !== true) {
      throw new ExecGoError('unavailable', `the workspace ${root} is gone; make it again or restart`);
    }
  }

  async close(): Promise<void> {
    await this.http.close();
  }

  private toolOf({ tool_name }: TaskSpec): CheckedTool {
    const tool = this.byName.get(tool_name ?? '');
    if (tool !== undefined) return tool;
    const available = `(available: ${[...this.byName.keys()].sort().join(', ')})`;
    if (tool_name === undefined) throw new ExecGoError('invalid_input', `tool_name is required ${available}`);
    throw new ExecGoError('not_found', `unknown tool ${JSON.stringify(tool_name)} of os ${available}`);
  }
}

function inputOf(task: TaskSpec): { readonly raw: unknown; readonly path: string } {
  return task.params === undefined ? { raw: task.input, path: 'input' } : { raw: task.params, path: 'params' };
}
