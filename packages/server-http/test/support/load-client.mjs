import { connect } from 'node:net';

const CONNECTIONS = 32;

/** Loads `POST /tasks` over raw keep-alive sockets, one request at a time on each, and says how many answers came. */
process.on('message', ({ port, ms, body }) => {
  const head = `POST /tasks HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json`;
  const request = Buffer.from(`${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  let answers = 0;
  const sockets = Array.from({ length: CONNECTIONS }, () => {
    const socket = connect(port, '127.0.0.1').setNoDelay(true);
    socket.on('data', (chunk) => {
      // An answer is counted by the blank line that ends its head; no body holds one.
      if (!chunk.includes('\r\n\r\n')) return;
      answers += 1;
      socket.write(request);
    });
    socket.write(request);
    return socket;
  });
  setTimeout(() => {
    for (const socket of sockets) socket.destroy();
    process.send?.(answers);
  }, ms);
});
