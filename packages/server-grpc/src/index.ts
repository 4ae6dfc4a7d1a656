export { DEFAULT_GRPC_LIMITS, type GrpcLimitOptions } from './limits.js';
export type { GrpcLogger } from './logger.js';
export { GRPC_STATUS_OF } from './refusal.js';
export { type CloseOptions, type RunningGrpcServer, serveGrpc } from './serve-grpc.js';
export { DEFAULT_GRPC_ADDRESS, type GrpcAddress, type GrpcServerOptions, type ServerClock } from './server-options.js';
export type { TlsOptions } from './tls.js';
