export { type Access, type AccessOptions, type KnownToken, resolveAccess } from './access-options.js';
export { authenticate, checkPeer, checkSource, identify, type RequestHeaders } from './admit.js';
export { actorOf, type Caller, may, NAMELESS, requireScope } from './caller.js';
export { isLoopbackAddress } from './loopback.js';
export { type NamedToken, parseNamedTokens } from './named-token.js';
export { SCOPES, type Scope } from './scope.js';
export { isToken } from './token.js';
export { freshTraceId, traceIdOf } from './trace-id.js';
