/** The graphs that are measured, as a client would send them: no-op tasks, so that what is left is the kernel. */

const noop = (id, depends_on) => ({ id, type: 'os', tool_name: 'noop', input: {}, ...(depends_on && { depends_on }) });

export function chain(length, prefix = 't') {
  return {
    tasks: Array.from({ length }, (_, at) => noop(`${prefix}${at}`, at > 0 ? [`${prefix}${at - 1}`] : undefined)),
  };
}

/** `width` independent tasks and one that waits for all of them. */
export function wide(width, prefix = 't') {
  const ids = Array.from({ length: width }, (_, at) => `${prefix}${at}`);
  return { tasks: [...ids.map((id) => noop(id)), noop(`${prefix}join`, ids)] };
}

/**
 * Layers of `width` tasks, each depending on `degree` random ones of the layer before, and one that waits for the last layer;
 * the same for the same size.
 */
export function layered(size, width, degree, prefix = 't') {
  let state = 1;
  const random = (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * below);
  };
  const tasks = [];
  for (let at = 0; at < size; at += 1) {
    const first = (Math.floor(at / width) - 1) * width;
    const dependencies = new Set();
    while (first >= 0 && dependencies.size < degree) dependencies.add(`${prefix}${first + random(width)}`);
    tasks.push(noop(`${prefix}${at}`, first >= 0 ? [...dependencies] : undefined));
  }
  const last = tasks.slice(-width).map(({ id }) => id);
  return { tasks: [...tasks, noop(`${prefix}join`, last)] };
}
