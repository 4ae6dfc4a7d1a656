import type { Histogram, KernelStats } from '@execgo/core';
import type { Metric } from './metric.js';

/** Media type of the text format (Prometheus exposition format 0.0.4). */
export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** A snapshot of the kernel in Prometheus text. The kernel counts by itself, so no registry is kept beside it. */
export function prometheusText(
  stats: KernelStats,
  about: { version: string; uptimeMs: number },
  more: readonly Metric[] = [],
): string {
  return [
    gauge('info', 'Version of the server.', [[`{version="${escapeLabel(about.version)}"}`, 1]]),
    gauge('uptime_seconds', 'Seconds since the server started.', about.uptimeMs / 1000),
    counter('tasks_submitted_total', 'Tasks submitted.', stats.submitted),
    counter('tasks_submitted_by_type_total', 'Tasks submitted, by normalised type.', byType(stats.byType)),
    counter('tasks_succeeded_total', 'Tasks that ended in success.', stats.succeeded),
    counter('tasks_failed_total', 'Tasks that failed or were cancelled.', stats.failed),
    counter('tasks_skipped_total', 'Tasks skipped because a dependency did not succeed.', stats.skipped),
    counter('tasks_retried_total', 'Attempts that failed and are followed by another.', stats.retried),
    counter('tasks_pruned_total', 'Finished tasks deleted because they were too old or too many.', stats.pruned),
    counter('attempts_abandoned_total', 'Attempts given up because they ignored their signal.', stats.abandoned),
    counter('outputs_incomplete_total', 'Attempts whose output was not kept whole.', stats.outputsIncomplete),
    gauge('attempts_running', 'Attempts under way.', stats.running),
    gauge('tasks_ready', 'Tasks that wait for nothing but a slot.', stats.ready),
    gauge('tasks_unfinished', 'Tasks that are not terminal.', stats.unfinished),
    gauge('uncommitted_bytes', 'Bytes of events that are not durable yet.', stats.uncommittedBytes),
    histogram('queue_wait_seconds', 'From ready to started.', stats.queueWait),
    histogram('attempt_duration_seconds', 'How long attempts took.', stats.attemptDuration),
    histogram('commit_duration_seconds', 'From deciding events to their being durable.', stats.commitDuration),
    ...more.map(({ name, help, type, value }) => family(name, help, type, value)),
  ].join('');
}

type Samples = number | readonly (readonly [labels: string, value: number])[];

function counter(name: string, help: string, samples: Samples): string {
  return family(name, help, 'counter', samples);
}

function gauge(name: string, help: string, samples: Samples): string {
  return family(name, help, 'gauge', samples);
}

function family(name: string, help: string, type: string, samples: Samples): string {
  const lines = (typeof samples === 'number' ? ([['', samples]] as const) : samples).map(
    ([labels, value]) => `execgo_${name}${labels} ${value}\n`,
  );
  return `${head(name, help, type)}${lines.join('')}`;
}

function head(name: string, help: string, type: string): string {
  return `# HELP execgo_${name} ${help}\n# TYPE execgo_${name} ${type}\n`;
}

function byType(counts: Readonly<Record<string, number>>): Samples {
  return Object.entries(counts).map(([type, count]) => [`{type="${escapeLabel(type)}"}`, count] as const);
}

/** The kernel counts in milliseconds, Prometheus in seconds. */
function histogram(name: string, help: string, { bounds, counts, sum }: Histogram): string {
  const total = counts.at(-1) ?? 0;
  const buckets = bounds.map((bound, at) => `execgo_${name}_bucket{le="${bound / 1000}"} ${counts[at] ?? 0}\n`);
  return [
    head(name, help, 'histogram'),
    ...buckets,
    `execgo_${name}_bucket{le="+Inf"} ${total}\n`,
    `execgo_${name}_sum ${sum / 1000}\n`,
    `execgo_${name}_count ${total}\n`,
  ].join('');
}

function escapeLabel(text: string): string {
  return text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n');
}
