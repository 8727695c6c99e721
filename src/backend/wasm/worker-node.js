// Entry of a worker thread in Node: an instance over the shared memory that takes part in every run until terminated.
import { parentPort, workerData } from 'node:worker_threads';

const { module, memory, thread, started } = workerData;
const instance = await WebAssembly.instantiate(module, { env: { memory } });
parentPort.postMessage('ready');
instance.exports.work(thread, started);
