import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface CuttingProxy {
  readonly url: string;
  /** Connections that were made so far. */
  readonly made: number;
  /** Breaks every connection off, in the middle of whatever is under way. */
  cut(): void;
}

/** Stands between a client and a server, until the test is over. */
export async function startProxy(targetPort: number): Promise<CuttingProxy> {
  const open = new Set<Socket>();
  let made = 0;
  const keep = (socket: Socket, other: () => Socket): void => {
    open.add(socket);
    // An end of one side that was cut is an end of the other.
    socket.on('error', () => {});
    socket.on('close', () => {
      open.delete(socket);
      other().destroy();
    });
  };
  const proxy = createServer((incoming) => {
    made += 1;
    const outgoing = connect(targetPort, '127.0.0.1');
    keep(incoming, () => outgoing);
    keep(outgoing, () => incoming);
    incoming.pipe(outgoing).pipe(incoming);
  });
  const cut = (): void => {
    for (const socket of open) socket.resetAndDestroy();
  };
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  onTestFinished(async () => {
    cut();
    proxy.close();
    await once(proxy, 'close');
  });
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    get made() {
      return made;
    },
    cut,
  };
}
