export { type CheckedTool, defineTool, describeInput, type ToolDefinition, type ToolRun } from './define-tool.js';
export { argument, argumentList, MAX_ARGUMENT_BYTES, runEntries, text } from './run-input.js';
export { withTask } from './task-error.js';
export {
  fieldError,
  type InputSchema,
  type KnownInput,
  parseInput,
  parseKnownInput,
  stringMap,
} from './tool-input.js';
