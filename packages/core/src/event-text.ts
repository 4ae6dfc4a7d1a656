import type { TaskEvent } from './event.js';
import type { Json } from './json.js';
import type { TaskSpec } from './task.js';
import { specFromWire } from './wire.js';

/** Text that JSON writes as it is: visible ASCII and space, without quote and backslash. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** A string as JSON writes it: what needs no escape is told by a look, at half the cost of `JSON.stringify`. */
export function quote(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

/**
 * Events as JSON texts. The common ones are put together by hand, which costs a quarter of `JSON.stringify`; the newest
 * timestamp and graph id are remembered as text, since neighbours share them.
 */
export class EventEncoder {
  private timestamp = -1;
  private timestampText = '';
  private graphId: string | undefined;
  private graphText = '';

  encode(event: TaskEvent): string {
    switch (event.type) {
      case 'task_submitted':
        return `${this.head(event, event.task_id)},"spec":${specText(event.spec)}}`;
      case 'task_started':
        return `${this.head(event, event.task_id)},"attempt":${event.attempt}}`;
      case 'task_succeeded':
        return event.progress === undefined && event.details === undefined
          ? `${this.head(event, event.task_id)}${member('result', event.result)}}`
          : JSON.stringify(event);
      default:
        return JSON.stringify(event);
    }
  }

  private head(event: TaskEvent, taskId: string): string {
    if (event.timestamp !== this.timestamp) {
      this.timestamp = event.timestamp;
      this.timestampText = String(event.timestamp);
    }
    if (event.graph_id !== this.graphId) {
      this.graphId = event.graph_id;
      this.graphText = quote(event.graph_id);
    }
    return `{"seq":${event.seq},"type":"${event.type}","timestamp":${this.timestampText},"graph_id":${this.graphText},"task_id":${quote(taskId)}`;
  }
}

/** The event read back from its text. The object is new, and its spec one of the domain's own. */
export function reviveEvent(parsed: unknown): TaskEvent {
  const event = parsed as TaskEvent & { spec?: TaskSpec };
  if (event.type === 'task_submitted') {
    event.spec = specFromWire(event.spec as unknown as Record<string, unknown>);
  }
  return event;
}

/** The fields of `specToWire`. */
function specText(spec: TaskSpec): string {
  let text = `{"id":${quote(spec.id)},"type":${quote(spec.type)}`;
  if (spec.tool_name !== undefined) text += `,"tool_name":${quote(spec.tool_name)}`;
  const params = member('params', spec.params);
  text += params;
  if (spec.input !== undefined) {
    text += spec.input === spec.params ? `,"input":${params.slice(',"params":'.length)}` : member('input', spec.input);
  }
  if (spec.execution_category !== undefined) text += `,"execution_category":${quote(spec.execution_category)}`;
  if (spec.depends_on.length > 0) text += `,"depends_on":[${spec.depends_on.map(quote).join()}]`;
  if (spec.retry > 0) text += `,"retry":${spec.retry}`;
  if (spec.timeout > 0) text += `,"timeout":${spec.timeout}`;
  text += member('annotations', spec.annotations);
  if (spec.priority !== 0) text += `,"priority":${spec.priority}`;
  if (spec.on_interrupt !== 'retry') text += `,"on_interrupt":"${spec.on_interrupt}"`;
  return `${text}}`;
}

function member(name: string, value: Json | undefined): string {
  return value === undefined ? '' : `,"${name}":${JSON.stringify(value)}`;
}
