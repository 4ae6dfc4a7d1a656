export type { OutputFilesOptions } from './options.js';
export { createOutputFiles, OutputFiles } from './output-files.js';
