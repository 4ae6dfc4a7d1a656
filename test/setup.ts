import { afterEach, vi } from 'vitest';

/** Run before each test file: what a test changes of the environment is taken back after it. */
afterEach(() => vi.unstubAllEnvs());
