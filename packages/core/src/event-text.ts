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

const TASK_SUBMITTED = ',"type":"task_submitted"';
const TASK_STARTED = ',"type":"task_started"';
const TASK_SUCCEEDED = ',"type":"task_succeeded"';

/**
 * Events as JSON texts. Those of every task are put together by hand, of as few pieces as can be; what neighbours share is
 * remembered as text. Until they are bytes, that costs half to two thirds of `JSON.stringify`.
 */
export class EventEncoder {
  private timestamp = -1;
  private graphId: string | undefined;
  /** From the type of an event to its task id. */
  private shared = '';
  private type: string | undefined;
  private toolName: string | undefined;
  /** From the id of a spec to its params. */
  private typeText = '';

  encode(event: TaskEvent): string {
    switch (event.type) {
      case 'task_submitted':
        this.follow(event);
        return `{"seq":${event.seq}${TASK_SUBMITTED}${this.shared}${quote(event.task_id)},"spec":${this.specText(event.spec)}}`;
      case 'task_started':
        this.follow(event);
        return `{"seq":${event.seq}${TASK_STARTED}${this.shared}${quote(event.task_id)},"attempt":${event.attempt}}`;
      case 'task_succeeded':
        if (event.progress !== undefined || event.details !== undefined) return JSON.stringify(event);
        this.follow(event);
        return `{"seq":${event.seq}${TASK_SUCCEEDED}${this.shared}${quote(event.task_id)}${member('result', event.result)}}`;
      default:
        return JSON.stringify(event);
    }
  }

  private follow({ timestamp, graph_id }: TaskEvent): void {
    if (timestamp === this.timestamp && graph_id === this.graphId) return;
    this.timestamp = timestamp;
    this.graphId = graph_id;
    this.shared = `,"timestamp":${timestamp},"graph_id":${quote(graph_id)},"task_id":`;
  }

  /** The fields of `specToWire`. */
  private specText(spec: TaskSpec): string {
    if (spec.type !== this.type || spec.tool_name !== this.toolName) {
      this.type = spec.type;
      this.toolName = spec.tool_name;
      this.typeText = `,"type":${quote(spec.type)}`;
      if (spec.tool_name !== undefined) this.typeText += `,"tool_name":${quote(spec.tool_name)}`;
    }
    let text = `{"id":${quote(spec.id)}${this.typeText}`;
    const params = member('params', spec.params);
    text += params;
    if (spec.input !== undefined) {
      text +=
        spec.input === spec.params ? `,"input":${params.slice(',"params":'.length)}` : member('input', spec.input);
    }
    if (spec.execution_category !== undefined) text += `,"execution_category":${quote(spec.execution_category)}`;
    if (spec.depends_on.length > 0) text += `,"depends_on":[${listText(spec.depends_on)}]`;
    if (spec.retry > 0) text += `,"retry":${spec.retry}`;
    if (spec.timeout > 0) text += `,"timeout":${spec.timeout}`;
    text += member('annotations', spec.annotations);
    if (spec.priority !== 0) text += `,"priority":${spec.priority}`;
    if (spec.on_interrupt !== 'retry') text += `,"on_interrupt":"${spec.on_interrupt}"`;
    return `${text}}`;
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

function listText(texts: readonly string[]): string {
  let list = '';
  for (let at = 0; at < texts.length; at += 1)
    list += at === 0 ? quote(texts[at] as string) : `,${quote(texts[at] as string)}`;
  return list;
}

function member(name: string, value: Json | undefined): string {
  return value === undefined ? '' : `,"${name}":${JSON.stringify(value)}`;
}
