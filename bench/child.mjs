// A child process that measures on request: a line of JSON in, a line of JSON out, one request at a time.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export class Child {
  #process;
  #lines;
  #ended;
  #errors = '';

  /** Ends with this process, whatever ends it. */
  constructor(command, args, env = {}) {
    this.#process = spawn(command, args, { env: { ...process.env, ...env }, stdio: 'pipe' });
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
    this.#process.stderr.on('data', (text) => (this.#errors = (this.#errors + text).slice(-2000)));
    // A request to a child that has just ended; the answer that never comes is what is reported.
    this.#process.stdin.on('error', () => undefined);
    this.#ended = new Promise((resolve) => {
      this.#process.on('close', resolve);
      this.#process.on('error', resolve);
    });
    process.on('exit', this.kill);
  }

  kill = () => this.#process.kill('SIGKILL');

  /** The next line; rejects, and the child is gone, if it does not come in time or reports that it cannot. */
  async answer(timeoutMs) {
    let timer;
    const overdue = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer in ${timeoutMs / 1000} s`)), timeoutMs);
    });
    try {
      const { done, value } = await Promise.race([this.#lines.next(), overdue]);
      if (done) {
        await this.#ended;
        throw new Error(this.#errors.trim().split('\n').at(-1) || 'it ended without an answer');
      }
      const answer = JSON.parse(value);
      if (answer.error !== undefined) throw new Error(answer.error);
      return answer;
    } catch (error) {
      this.kill();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async ask(request, timeoutMs) {
    this.#process.stdin.write(`${JSON.stringify(request)}\n`);
    return this.answer(timeoutMs);
  }

  async close() {
    process.off('exit', this.kill);
    this.#process.stdin.end();
    this.kill();
    await this.#ended;
  }
}
