import { packageConfig } from '../../scripts/tsup.js';

export default packageConfig({ entry: ['src/index.ts', 'src/tool-filter.ts'] });
