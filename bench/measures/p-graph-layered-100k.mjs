import { performance } from 'node:perf_hooks';
import { PGraph } from 'p-graph';
import { median } from '../median.mjs';
import { layered } from '../shapes.mjs';

const WARM_UPS = 3;
const MEASURED = 3;

/** The same graph through the npm package p-graph: in memory, nothing recorded, its graph built from the same tasks. */
export async function measure() {
  const rates = [];
  for (let round = 0; round < WARM_UPS + MEASURED; round += 1) {
    const { tasks } = layered(100_000, 1000, 3);
    const from = performance.now();
    const nodes = new Map();
    const edges = [];
    for (const { id, depends_on = [] } of tasks) {
      nodes.set(id, { run: async () => undefined });
      for (const dependency of depends_on) edges.push([dependency, id]);
    }
    await new PGraph(nodes, edges).run({ concurrency: 256 });
    const seconds = (performance.now() - from) / 1000;
    if (round >= WARM_UPS) rates.push(tasks.length / seconds);
  }
  return { value: median(rates) };
}
