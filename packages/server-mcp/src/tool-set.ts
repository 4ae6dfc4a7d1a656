import { type Caller, may, requireScope, type Scope } from '@execgo/access';
import { type AgentTool, agentTools } from '@execgo/adapter';
import { ExecGoError } from '@execgo/core';
import { type CallToolResult, ProtocolError, ProtocolErrorCode, type Tool } from '@modelcontextprotocol/server';
import { callExecutorTool, executorToolDefinition } from './executor-tool.js';
import type { KernelTool } from './kernel-tool.js';
import type { ResolvedOptions } from './options.js';
import type { ToolCall } from './tool-call.js';
import { structuredResult } from './tool-result.js';
import { cancelTask } from './tools/cancel-task.js';
import { getTask } from './tools/get-task.js';
import { listTasks } from './tools/list-tasks.js';
import { submitTaskGraph } from './tools/submit-task-graph.js';
import { waitTask } from './tools/wait-task.js';

/** Every tool that a server offers: the five of the kernel, and those of its executors, which are asked for each time. */
export class ToolSet {
  private readonly kernelTools: ReadonlyMap<string, KernelTool>;
  /** Names of the kernel's tools, offered or not. */
  private readonly taken: ReadonlySet<string>;

  constructor(private readonly options: ResolvedOptions) {
    const { limits, offers } = options;
    const all = [submitTaskGraph(), waitTask(limits), getTask(), listTasks(limits), cancelTask()];
    this.taken = new Set(all.map(({ definition }) => definition.name));
    this.kernelTools = new Map(
      all.filter(({ definition }) => offers(definition.name)).map((tool) => [tool.definition.name, tool]),
    );
  }

  /** The tools that a caller may use. @throws ExecGoError `denied` where it may not look at any */
  async list(caller: Caller): Promise<Tool[]> {
    requireScope(caller, 'read');
    const own = [...this.kernelTools.values()].filter(({ scope }) => may(caller, scope));
    const executors = may(caller, 'submit') ? await this.executorTools() : [];
    return [...own.map(({ definition }) => definition), ...executors.map(executorToolDefinition)];
  }

  /**
   * @throws ProtocolError for a tool that is not there, or not offered
   * @throws ExecGoError `denied` naming the tool, and whatever the call comes to
   */
  async call(name: string, call: ToolCall): Promise<CallToolResult> {
    const own = this.kernelTools.get(name);
    if (own !== undefined) {
      requireFor(name, call.caller, own.scope);
      return structuredResult(await own.call(call));
    }
    const found = (await this.executorTools()).find(({ agentName }) => agentName === name);
    if (found === undefined) {
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `unknown tool: ${JSON.stringify(name)}`);
    }
    requireFor(name, call.caller, 'submit');
    return callExecutorTool(found, call);
  }

  private async executorTools(): Promise<readonly AgentTool[]> {
    const named = agentTools(await this.options.kernel.tools());
    return named.map((tool) => this.apart(tool)).filter(({ agentName }) => this.options.offers(agentName));
  }

  /** A skill may be called as one of the kernel's tools is: its category tells them apart then. */
  private apart(tool: AgentTool): AgentTool {
    if (!this.taken.has(tool.agentName)) return tool;
    return { ...tool, agentName: `${tool.tool.category}__${tool.agentName}` };
  }
}

function requireFor(tool: string, caller: Caller, scope: Scope): void {
  if (may(caller, scope)) return;
  const token = caller.name === undefined ? 'this token' : `the token ${JSON.stringify(caller.name)}`;
  throw new ExecGoError('denied', `the tool ${tool} needs the scope ${scope}, which ${token} does not have`, {
    details: { scope, tool },
  });
}
