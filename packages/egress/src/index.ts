export { type AddressClass, classifyAddress } from './address-class.js';
export { EGRESS_PROFILES, type EgressGuard, type EgressProfile, type Lookup } from './egress-guard.js';
export { guardedConnector } from './guarded-connector.js';
export { type HostPort, parseHostPort } from './host-port.js';
export { createEgressGuard, type EgressOptions } from './options.js';
