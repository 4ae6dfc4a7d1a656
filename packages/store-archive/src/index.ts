export { Archive, type ArchiveOptions, createArchive, createMaintenance } from './archive.js';
export { type CopiedStore, type CopyStoreOptions, type CopyStoreProgress, copyStore } from './copy-store.js';
