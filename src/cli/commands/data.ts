/** `fewbit data`: the named data sets in the cache. */
import { Command } from 'commander';
import { cacheFolder, getNamed, listNamed, removeNamed, verifyNamed } from '../../data/node/index.js';
import { commandGroup } from '../options/command-group.js';
import { fetchProgress } from '../shared/open-data.js';
import { EXIT } from '../console/errors.js';
import { interruptible } from '../console/interrupt.js';
import { tableText } from '../console/table.js';
import { sizeText, type Terminal } from '../console/terminal.js';

const EXAMPLES = `
Examples:
  $ fewbit data list
  $ fewbit data get mnist
  $ fewbit data get cifar10                139 to 170 MB
  $ fewbit data verify mnist
  $ fewbit data rm mnist

The cache is $FEWBIT_CACHE, else $XDG_CACHE_HOME/fewbit, else ~/.cache/fewbit. FEWBIT_OFFLINE=1 forbids fetching.`;

export function dataCommand(terminal: Terminal): Command {
  const command = commandGroup(new Command('data'))
    .summary('fetch, list, verify or remove data sets')
    .description('Manages the data sets that Fewbit knows by name.')
    .addHelpText('after', EXAMPLES);
  command
    .command('get')
    .description('fetch a data set unless the cache has it')
    .argument('<name>', 'for example mnist')
    .action(async (name: string) => {
      process.exitCode = await interruptible(terminal, async ({ signal }) => {
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
        return 0;
      });
    });
  command
    .command('list')
    .description('list the data sets known by name')
    .action(async () => {
      const rows = (await listNamed()).map(({ name, description, sizeBytes, present }) => [
        name,
        present ? 'in the cache' : '-',
        sizeText(sizeBytes),
        description,
      ]);
      rows.push(['synthetic', 'built in', '-', 'small drawn bars for tests and first tries']);
      terminal.print(tableText(terminal, ['name', 'state', 'size', 'what'], rows, 'llrl'));
      terminal.print(`\ncache ${cacheFolder()}`);
    });
  command
    .command('rm')
    .description('remove a data set from the cache')
    .argument('<name>', 'for example mnist')
    .action(async (name: string) => {
      const { folder, removed } = await removeNamed(name);
      terminal.print(
        removed.length === 0
          ? `${name}: was not in the cache`
          : `${name}: removed ${removed.length} files from ${folder}`,
      );
    });
  command
    .command('verify')
    .description('compare the files of a data set with their checksums')
    .argument('<name>', 'for example mnist')
    .action(async (name: string) => {
      const { folder, ok, files } = await verifyNamed(name);
      for (const { name: file, problem } of files) terminal.print(`${file}: ${problem ?? 'ok'}`);
      if (!ok) {
        terminal.error(
          `${name}: files in ${folder} are missing or damaged; fetch them with fewbit data get ${name}`,
        );
        process.exitCode = EXIT.known;
      }
    });
  return command;
}
