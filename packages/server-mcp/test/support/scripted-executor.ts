import {
  ExecGoError,
  type Executor,
  isJsonObject,
  isReference,
  type RunContext,
  type TaskSpec,
  type Tool,
} from '@execgo/core';
import { type Deferred, deferred } from '@execgo/testkit';

const anyObject = { type: 'object' } as const;

/** An executor whose tools do what their names say; what waits goes on when the test says so. */
export class ScriptedExecutor implements Executor {
  /** Ids of the tasks that were begun, one entry for each attempt. */
  readonly begun: string[] = [];
  private readonly gates = new Map<string, Deferred<unknown>>();
  private watchers: { readonly holds: () => boolean; readonly done: Deferred<void> }[] = [];
  extraTools: Tool[] = [];

  constructor(readonly category: string) {}

  async tools(): Promise<readonly Tool[]> {
    return [
      {
        name: 'echo',
        description: 'Gives its input back.',
        input_schema: {
          type: 'object',
          properties: { text: { type: 'string' } },
          required: ['text'],
          additionalProperties: false,
        },
        annotations: { read_only: true, destructive: false, idempotent: true, open_world: false },
      },
      { name: 'fail', description: 'Fails with a result.', input_schema: anyObject },
      { name: 'list', description: 'Gives an array.', input_schema: anyObject },
      {
        name: 'keyed',
        description: 'Has a key of its own.',
        input_schema: { type: 'object', properties: { idempotency_key: {} } },
      },
      { name: 'wait', description: 'Waits.', input_schema: anyObject, annotations: { destructive: true } },
      ...this.extraTools,
    ];
  }

  check({ id, tool_name, params, input = params }: TaskSpec): void {
    if (tool_name !== 'echo') return;
    if (isJsonObject(input) && (typeof input.text === 'string' || isReference(input.text))) return;
    throw new ExecGoError('invalid_input', `task "${id}": input.text: expected a string`);
  }

  async execute(task: TaskSpec, run: RunContext): Promise<unknown> {
    const input = task.input ?? task.params;
    this.begun.push(task.id);
    for (const watcher of this.watchers) if (watcher.holds()) watcher.done.resolve();
    switch (task.tool_name) {
      case 'fail':
        throw new ExecGoError('exit_nonzero', 'command failed: exit status 3', {
          details: { result: { stderr: 'no such file', exit_code: 3 } },
        });
      case 'list':
        return [1, 2, 3];
      case 'defect':
        throw new TypeError('a defect');
      case 'wait':
        return this.untilReleased(task.id, run);
      default:
        return input;
    }
  }

  /** Resolves to the id of the task of attempt number `count` in all, once that has begun. */
  async beginning(count = 1): Promise<string> {
    const holds = () => this.begun.length >= count;
    const done = deferred<void>();
    if (holds()) done.resolve();
    else this.watchers.push({ holds, done });
    await done.promise;
    return this.begun[count - 1] as string;
  }

  release(id: string, result: unknown = { ok: true }): void {
    this.gateOf(id).resolve(result);
  }

  private untilReleased(id: string, run: RunContext): Promise<unknown> {
    run.progress('half way');
    return new Promise((resolve, reject) => {
      run.signal.addEventListener('abort', () => reject(run.signal.reason), { once: true });
      this.gateOf(id).promise.then(resolve, reject);
    });
  }

  private gateOf(id: string): Deferred<unknown> {
    const gate = this.gates.get(id) ?? deferred<unknown>();
    this.gates.set(id, gate);
    return gate;
  }
}
