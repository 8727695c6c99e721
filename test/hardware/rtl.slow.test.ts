/** The generated designs under Verilator against the simulator (rtl-products.ts). */
import { describe } from 'vitest';
import { CASES, testDesign } from './rtl-products.js';

describe.each(CASES)('$name', testDesign);
