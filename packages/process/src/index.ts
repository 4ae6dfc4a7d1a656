export type { RunGroup } from './cgroup/run-groups.js';
export {
  ALLOWED_COMMANDS,
  COMMAND_FOLDERS,
  checkCommandVariables,
  programFor,
  resolveCommand,
  SHELL_POLICIES,
  type ShellPolicy,
} from './command-policy.js';
export {
  type Command,
  type ConfinedCommand,
  type Confinement,
  checkNetwork,
  type Launcher,
  noConfinement,
} from './confinement.js';
export { checkVariable, childEnvironment, type EnvironmentOptions, type RunIdentity } from './environment.js';
export type { Folder } from './files/place.js';
export {
  DEFAULT_MAX_LIST_ENTRIES,
  DEFAULT_MAX_READ_BYTES,
  type ListEntry,
  Workspace,
  type WorkspaceOptions,
} from './files/workspace.js';
export { endLeftovers } from './leftovers.js';
export { type CapturedOutput, DEFAULT_KEEP_BYTES, OutputCapture } from './output-capture.js';
export type { OutputListener, OutputStream } from './output-pump.js';
export { DEFAULT_KILL_AFTER_MS, type ProcessExit, ProcessTree, type StartOptions } from './process-tree.js';
export {
  checkLimits,
  DEFAULT_OUTPUT_MAX_BYTES,
  type LimitedCommand,
  type LimitTool,
  limitTool,
  type ResourceLimits,
  withLimits,
} from './resource-limits.js';
export type { RequestedBounds, RunDetails } from './run-details.js';
export { type FailureOptions, runFailure } from './run-failure.js';
export { type RunPlace, runForTask, type TaskProgram, type TaskRun, type TaskWishes } from './run-for-task.js';
export { RUN_VARIABLE, runMarker } from './run-marker.js';
export { DEFAULT_GRACE_MS, type RunEnd, type RunOptions, type RunOutcome, runProcess } from './run-process.js';
export { DEFAULT_SCRATCH_BYTES } from './sandbox/bubblewrap.js';
export { launchFailure } from './sandbox/launch-failure.js';
export {
  type LimitedBy,
  openSandbox,
  SANDBOX_MODES,
  type Sandbox,
  type SandboxMode,
  type SandboxOptions,
  type SandboxState,
} from './sandbox/open-sandbox.js';
