import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { ConfigError, errorMessage } from '@execgo/core';
import { ServerCredentials } from '@grpc/grpc-js';

/** Files in PEM, read once when the server starts. */
export interface TlsOptions {
  /** The certificate, with the intermediate ones after it. */
  readonly certFile: string;
  /** Its private key. */
  readonly keyFile: string;
  /** Certificates of whoever signs those of clients; every client must then present one. @default clients need none */
  readonly clientCaFile?: string;
}

/** @throws ConfigError naming the file that cannot be read or used */
export function serverCredentials(tls: TlsOptions | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const cert = readPem('tls.certFile', tls.certFile);
  const key = readPem('tls.keyFile', tls.keyFile);
  const ca = tls.clientCaFile === undefined ? null : readPem('tls.clientCaFile', tls.clientCaFile);
  try {
    createSecureContext({ cert, key, ...(ca !== null && { ca }) });
  } catch (error) {
    const files = [tls.certFile, tls.keyFile, ...(tls.clientCaFile === undefined ? [] : [tls.clientCaFile])].join(', ');
    throw new ConfigError('tls', 'a certificate and its key in PEM', `${files}: ${errorMessage(error)}`);
  }
  return ServerCredentials.createSsl(ca, [{ cert_chain: cert, private_key: key }], ca !== null);
}

function readPem(option: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new ConfigError(option, 'a file that can be read', errorMessage(error));
  }
}
