export { DirectoryLock, type LockHolder } from './directory-lock.js';
