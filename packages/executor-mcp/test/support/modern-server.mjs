// A server made with the SDK's own server package: both eras over stdio, or over HTTP with `http` as its argument; then its
// first line of stdout is its port. `sse-only` and `legacy` change how it serves HTTP.
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import * as z from 'zod';

const how = process.argv[2] ?? 'stdio';
let cancelled = 0;

function makeServer() {
  const server = new McpServer(
    { name: 'modern', version: '1.0.0' },
    { capabilities: { tools: { listChanged: true } } },
  );
  const text = (value) => ({ content: [{ type: 'text', text: value }] });
  server.registerTool('echo', { description: 'Echoes.', inputSchema: z.object({ text: z.string() }) }, async (args) =>
    text(args.text),
  );
  server.registerTool(
    'add',
    {
      description: 'Adds.',
      inputSchema: z.object({ a: z.number(), b: z.number() }),
      outputSchema: z.object({ sum: z.number() }),
      annotations: { readOnlyHint: true, idempotentHint: true },
    },
    async ({ a, b }) => ({ ...text(String(a + b)), structuredContent: { sum: a + b } }),
  );
  server.registerTool('grow', { description: 'Adds a tool, and says so.', inputSchema: z.object({}) }, async () => {
    server.registerTool('fresh', { description: 'New.', inputSchema: z.object({}) }, async () => text('fresh'));
    return text('grown');
  });
  server.registerTool('fail', { description: 'Fails.', inputSchema: z.object({}) }, async () => {
    throw new TypeError('the handler threw');
  });
  server.registerTool('pid', { description: 'Its pid.', inputSchema: z.object({}) }, async () =>
    text(String(process.pid)),
  );
  server.registerTool('cancelled', { description: 'Cancelled calls.', inputSchema: z.object({}) }, async () =>
    text(String(cancelled)),
  );
  server.registerTool(
    'forever',
    { description: 'Never answers.', inputSchema: z.object({}) },
    async (_args, context) => {
      const { signal, _meta, notify } = context.mcpReq;
      const progressToken = _meta?.progressToken;
      if (progressToken !== undefined) {
        const params = { progressToken, progress: 1, message: 'begun' };
        await notify({ method: 'notifications/progress', params });
      }
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      cancelled += 1;
      return text('cancelled');
    },
  );
  return server;
}

if (how === 'stdio') {
  serveStdio(makeServer);
} else {
  const handler = createMcpHandler(makeServer, how === 'modern-only' ? { legacy: 'reject' } : {});
  const server = createServer(async (incoming, outgoing) => {
    const chunks = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const gone = new AbortController();
    outgoing.on('close', () => gone.abort());
    const body = chunks.length === 0 ? {} : { body: Buffer.concat(chunks) };
    const request = new Request(`http://localhost${incoming.url}`, {
      method: incoming.method,
      headers: incoming.headers,
      signal: gone.signal,
      ...body,
    });
    const response = await handler.fetch(request);
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    if (response.body === null) outgoing.end();
    else
      Readable.fromWeb(response.body)
        .on('error', () => outgoing.destroy())
        .pipe(outgoing);
  });
  server.listen(Number(process.argv[3] ?? 0), '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
}
