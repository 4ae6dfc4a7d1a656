/** Tests of every package use the SQLite store too, whose threads do not run from sources. */
export { setup } from '../packages/store-sqlite/test/global-setup.js';
