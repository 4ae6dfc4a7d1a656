export { DirectoryLock } from './directory-lock.js';
