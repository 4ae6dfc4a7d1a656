import type { AccessOptions } from '@execgo/access';
import { errorMessage, isExecGoError, type Kernel } from '@execgo/core';
import type { GrpcServerOptions, RunningGrpcServer } from '@execgo/server-grpc';
import type { Logger } from 'pino';
import { listenWith } from './listen.js';
import { describeAddress } from './policy.js';
import { SettingsError } from './settings/settings-error.js';
import type { Settings } from './settings/table.js';
import { VERSION } from './version.js';

const PACKAGE = '@execgo/server-grpc';

/** The part of the package that is used here. */
type GrpcPackage = Pick<typeof import('@execgo/server-grpc'), 'serveGrpc'>;

export interface GrpcDoorOptions {
  readonly kernel: Kernel;
  readonly access: AccessOptions;
  readonly logger: Logger;
}

/** gRPC, not yet served. */
export interface GrpcDoor {
  /** @throws SettingsError for TLS files that cannot be used; ExecGoError `unavailable` for an address that cannot be listened on */
  open(options: GrpcDoorOptions): Promise<RunningGrpcServer>;
}

/**
 * gRPC where `--grpc-addr` says so, else undefined. The package is optional, and loaded only when it is used: before anything
 * listens, so that one that is missing ends the start at once.
 *
 * @throws SettingsError for a package that is missing, and for TLS that is half given
 */
export async function loadGrpcDoor(
  settings: Settings,
  load: () => Promise<GrpcPackage> = () => import('@execgo/server-grpc'),
): Promise<GrpcDoor | undefined> {
  const { grpcAddr, maxBody } = settings;
  const tls = tlsOf(settings);
  if (grpcAddr === undefined) return undefined;
  const { serveGrpc } = await load().catch((cause: unknown) => {
    throw new SettingsError(
      `--grpc-addr: the package ${PACKAGE} cannot be loaded; run: npm install ${PACKAGE} (${errorMessage(cause)})`,
      { cause },
    );
  });
  return {
    async open(options) {
      const fixed = {
        ...options,
        version: VERSION,
        limits: { maxReceiveBytes: maxBody },
        ...(tls !== undefined && { tls }),
      };
      try {
        return await listenWith(grpcAddr, '--grpc-addr', (host, port) =>
          serveGrpc({ ...fixed, address: { host, port } }),
        );
      } catch (error) {
        if (!isExecGoError(error, 'invalid_input')) throw error;
        throw new SettingsError(`--grpc-addr ${describeAddress(grpcAddr)}: ${error.message}`, { cause: error });
      }
    },
  };
}

function tlsOf(settings: Settings): GrpcServerOptions['tls'] | undefined {
  const { grpcAddr, grpcTlsCert: certFile, grpcTlsKey: keyFile, grpcTlsClientCa: clientCaFile } = settings;
  if (certFile === undefined && keyFile === undefined && clientCaFile === undefined) return undefined;
  if (grpcAddr === undefined) {
    throw new SettingsError(
      'TLS is set for gRPC, which is not served: give --grpc-addr too, or leave --grpc-tls-* out',
    );
  }
  if (certFile === undefined || keyFile === undefined) {
    const missing = certFile === undefined ? '--grpc-tls-cert' : '--grpc-tls-key';
    throw new SettingsError(`TLS for gRPC needs a certificate and its key: ${missing} is missing`);
  }
  return { certFile, keyFile, ...(clientCaFile !== undefined && { clientCaFile }) };
}
