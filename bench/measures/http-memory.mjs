import { httpRate } from '../http-load.mjs';

export const measure = () => httpRate('memory');
