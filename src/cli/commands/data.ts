/** `fewbit data`: the named data sets in the cache. */
import { cacheFolder, getNamed, listNamed, removeNamed, verifyNamed } from '../../data/node/index.js';
import { defineCommand, defineGroup } from '../options/define-command.js';
import { fetchProgress } from '../shared/open-data.js';
import { EXIT } from '../console/errors.js';
import { tableText } from '../console/table.js';
import { sizeText } from '../console/terminal.js';

const EXAMPLES = `
Examples:
  $ fewbit data list
  $ fewbit data get mnist
  $ fewbit data get cifar10                139 to 170 MB
  $ fewbit data verify mnist
  $ fewbit data rm mnist

The cache is $FEWBIT_CACHE, else $XDG_CACHE_HOME/fewbit, else ~/.cache/fewbit. FEWBIT_OFFLINE=1 forbids fetching.`;

const get = defineCommand({
  name: 'get',
  summary: 'fetch a data set unless it is in the cache',
  options: (command) => command.argument('<name>', 'for example mnist'),
  examples: `
Examples:
  $ fewbit data get mnist
  $ fewbit data get cifar10                139 to 170 MB`,
  run: async ({ terminal, signal }, name: string) => {
    const progress = fetchProgress(terminal);
    try {
      const { folder, source } = await getNamed(name, { signal, onProgress: progress.show });
      progress.end();
      terminal.print(
        `${name}: ${source === 'cache' ? 'is in the cache' : `fetched from ${source}`}: ${folder}`,
      );
    } finally {
      progress.end();
    }
    return EXIT.done;
  },
});

const list = defineCommand({
  name: 'list',
  summary: 'list the data sets known by name',
  examples: `
Example:
  $ fewbit data list`,
  run: async ({ terminal }) => {
    const rows = (await listNamed()).map(({ name, description, sizeBytes, present }) => [
      name,
      present ? 'in the cache' : '-',
      sizeText(sizeBytes),
      description,
    ]);
    rows.push(['synthetic', 'built in', '-', 'small drawn bars for tests and first tries']);
    terminal.print(tableText(terminal, ['name', 'state', 'size', 'what'], rows, 'llrl'));
    terminal.print(`\ncache ${cacheFolder()}`);
    return EXIT.done;
  },
});

const remove = defineCommand({
  name: 'rm',
  summary: 'remove a data set from the cache',
  options: (command) => command.argument('<name>', 'for example mnist'),
  examples: `
Example:
  $ fewbit data rm mnist`,
  run: async ({ terminal }, name: string) => {
    const { folder, removed } = await removeNamed(name);
    terminal.print(
      removed.length === 0
        ? `${name}: was not in the cache`
        : `${name}: removed ${removed.length} files from ${folder}`,
    );
    return EXIT.done;
  },
});

const verify = defineCommand({
  name: 'verify',
  summary: 'compare the files of a data set with their checksums',
  options: (command) => command.argument('<name>', 'for example mnist'),
  examples: `
Example:
  $ fewbit data verify mnist`,
  run: async ({ terminal }, name: string) => {
    const { folder, ok, files } = await verifyNamed(name);
    for (const { name: file, problem } of files) terminal.print(`${file}: ${problem ?? 'ok'}`);
    if (ok) return EXIT.done;
    terminal.error(
      `${name}: files in ${folder} are missing or damaged; fetch them with fewbit data get ${name}`,
    );
    return EXIT.known;
  },
});

export const dataCommand = defineGroup(
  {
    name: 'data',
    summary: 'fetch, list, verify or remove data sets',
    description: 'Manages the data sets that Fewbit knows by name.',
    examples: EXAMPLES,
  },
  [get, list, remove, verify],
);
