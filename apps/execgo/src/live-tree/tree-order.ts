/** A task at its place in the tree. */
export interface TreePlace {
  readonly id: string;
  /** Lines that lead to it, such as `│ └ `. */
  readonly guide: string;
}

interface Node {
  readonly id: string;
  readonly dependsOn: readonly string[];
}

interface Visit {
  readonly id: string;
  readonly guide: string;
  /** What the guides of those below begin with. */
  readonly below: string;
}

/** Deeper than this, the guide shows the nearest levels alone. */
const MAX_GUIDE = 24;

/**
 * Tasks of a graph as a tree: each stands below the one of its dependencies that is furthest down, so that it comes after all
 * of them. Tasks come in order of submission, with what they depend on anywhere among them.
 */
export function treeOrder(nodes: readonly Node[]): readonly TreePlace[] {
  const children = childrenOf(nodes);
  const order: TreePlace[] = [];
  const stack: Visit[] = [];
  const push = (ids: readonly string[], indent: string, isRoot: boolean): void => {
    for (let at = ids.length - 1; at >= 0; at -= 1) {
      const isLast = at === ids.length - 1;
      const guide = isRoot ? '' : shortened(`${indent}${isLast ? '└ ' : '├ '}`);
      const below = isRoot ? '' : shortened(`${indent}${isLast ? '  ' : '│ '}`);
      stack.push({ id: ids[at] as string, guide, below });
    }
  };
  push(children.get(undefined) ?? [], '', true);
  for (let visit = stack.pop(); visit !== undefined; visit = stack.pop()) {
    order.push({ id: visit.id, guide: visit.guide });
    push(children.get(visit.id) ?? [], visit.below, false);
  }
  return order;
}

function childrenOf(nodes: readonly Node[]): ReadonlyMap<string | undefined, readonly string[]> {
  const depths = depthsOf(nodes);
  const children = new Map<string | undefined, string[]>();
  for (const { id, dependsOn } of nodes) {
    let parent: string | undefined;
    let deepest = -1;
    for (const dependency of dependsOn) {
      const depth = depths.get(dependency) ?? -1;
      if (depth > deepest) [parent, deepest] = [dependency, depth];
    }
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [id]);
    else siblings.push(id);
  }
  return children;
}

/** Longest way from a root, of each task. Iterative: a chain may be as long as a graph is large. */
function depthsOf(nodes: readonly Node[]): ReadonlyMap<string, number> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const depths = new Map<string, number>();
  for (const { id } of nodes) {
    const stack = [id];
    while (stack.length > 0) {
      const top = byId.get(stack.at(-1) as string) as Node;
      const inGraph = top.dependsOn.filter((dependency) => byId.has(dependency));
      const open = depths.has(top.id) ? [] : inGraph.filter((dependency) => !depths.has(dependency));
      if (open.length > 0) {
        stack.push(...open);
        continue;
      }
      stack.pop();
      depths.set(top.id, Math.max(-1, ...inGraph.map((dependency) => depths.get(dependency) ?? 0)) + 1);
    }
  }
  return depths;
}

function shortened(guide: string): string {
  return guide.length <= MAX_GUIDE ? guide : guide.slice(-MAX_GUIDE);
}
