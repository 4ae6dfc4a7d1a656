/**
 * The tasks of one graph, each with two that wait for it. JavaScript: a worker thread loads it as it is.
 *
 * @param {number} graph
 * @param {number} tasks
 */
export function graphOf(graph, tasks) {
  return Array.from({ length: tasks }, (_, at) => ({
    id: `g${graph}-${at}`,
    type: 'noop',
    input: { message: `task ${at} of graph ${graph}` },
    depends_on: at === 0 ? [] : [`g${graph}-${Math.floor((at - 1) / 2)}`],
  }));
}
