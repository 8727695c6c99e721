/** The same program in Node: prints what the page must give. */
import { train } from './train.js';

process.stdout.write(JSON.stringify(await train('reference', 1)));
