// Submits graphs from a thread of its own, so that making and sending them takes no time of the loop that is measured.
import { parentPort, workerData } from 'node:worker_threads';
import { graphOf } from './binary-tree.mjs';

/** @type {{ url: string, graphs: number, tasksPerGraph: number }} */
const { url, graphs, tasksPerGraph } = workerData;

/** @type {number[]} */
const statuses = [];
for (let graph = 0; graph < graphs; graph += 1) {
  const response = await fetch(`${url}/tasks`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ tasks: graphOf(graph, tasksPerGraph) }),
  });
  await response.text();
  statuses.push(response.status);
}
parentPort?.postMessage(statuses);
